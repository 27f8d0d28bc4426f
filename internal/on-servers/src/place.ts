/** A store to certify, and whoever started what it is on ends it. */
export interface OpenPlace {
  /** As the command is given it. */
  readonly url: string;
  /** The credentials of a server. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Something that a store can be on. */
export interface Place {
  /** As a row of the page begins. */
  readonly name: string;
  readonly version: () => Promise<string>;
  /** Why it cannot be had here, and how it could; `undefined` if it can. */
  readonly lacks: () => Promise<string | undefined>;
  open(): Promise<OpenPlace>;
}
