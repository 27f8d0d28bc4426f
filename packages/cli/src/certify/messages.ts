/** What a process of the races is told first. */
export interface Place {
  readonly url: string;
  readonly adapter: string | undefined;
  /** Of the project whose adapters are meant. */
  readonly directory: string;
  /** Where all is that the races make; ends in `/`. */
  readonly folder: string;
  /** Which of the processes it is. */
  readonly index: number;
}

/** What a process is to do. Keys and prefixes are beneath its place's folder. */
export type Task =
  /** Creates each key at its moment, and reads it at once. */
  | {
      readonly name: "create";
      readonly keys: readonly string[];
      readonly bytes: number;
      /** The moment of the first key, as `now()` says it, and the time from one to the next. */
      readonly at: number;
      readonly everyMs: number;
    }
  | { readonly name: "read"; readonly keys: readonly string[]; readonly bytes: number }
  | { readonly name: "delete"; readonly keys: readonly string[] }
  /** Gets and lists a key. */
  | { readonly name: "look"; readonly key: string; readonly prefix: string }
  /** Creates and deletes keys that lie between those that stay. */
  | {
      readonly name: "churn";
      readonly prefix: string;
      readonly staying: readonly string[];
      readonly forMs: number;
    }
  | {
      readonly name: "watch";
      readonly prefix: string;
      readonly staying: readonly string[];
      readonly bytes: number;
      readonly forMs: number;
    }
  /** Creates ascending keys, each before the last one is deleted, so that one is always there. */
  | { readonly name: "move"; readonly prefix: string; readonly forMs: number }
  | { readonly name: "follow"; readonly prefix: string; readonly forMs: number }
  /** Takes over, seals, prunes and aborts. */
  | { readonly name: "lead"; readonly prefix: string; readonly forMs: number };

export interface Values {
  readonly create: readonly Created[];
  readonly read: readonly Seen[];
  /** How many keys. */
  readonly delete: number;
  readonly look: { readonly isThere: boolean; readonly isListed: boolean };
  readonly churn: Watched;
  readonly watch: Watched;
  readonly move: Watched;
  readonly follow: Watched;
  readonly lead: Led;
}

/** What a reader found: which process wrote it, `undefined` if nothing is there, or what is wrong with the body. */
export type Seen = { readonly writer: number | undefined } | { readonly fault: string };

export interface Created {
  /** `unknown` after a failure that leaves open whether it is there now. */
  readonly outcome: "created" | "exists" | "unknown";
  readonly seen: Seen | undefined;
  readonly ms: number;
}

export interface Watched {
  /** Of listings or of steps. */
  readonly count: number;
  readonly wrong: readonly string[];
  readonly wrongCount: number;
}

export interface Led {
  readonly takeovers: number;
  /** What `epochComplete` said is complete. */
  readonly released: readonly Released[];
  /** The epochs that `abort` has made void. */
  readonly aborted: readonly number[];
  readonly prunes: number;
  /** Calls that were refused, as they have to be in such a race. */
  readonly refused: number;
  readonly wrong: readonly string[];
  readonly wrongCount: number;
}

export interface Released {
  readonly epoch: number;
  readonly instanceId: string;
}

export interface Request {
  readonly id: number;
  readonly task: Task;
}

export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** Milliseconds, by the clock that all processes of the machine have. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The first findings in words, and how many there are. */
export class Findings {
  readonly #wrong: string[] = [];
  #count = 0;

  add(text: string): void {
    this.#count += 1;
    if (this.#wrong.length < 5) this.#wrong.push(text);
  }

  /** What another process has found. */
  addAll({ wrong, wrongCount }: Pick<Watched, "wrong" | "wrongCount">): void {
    for (const text of wrong) this.add(text);
    this.#count += wrongCount - wrong.length;
  }

  get result(): Pick<Watched, "wrong" | "wrongCount"> {
    return { wrong: this.#wrong, wrongCount: this.#count };
  }
}
