import type { StoreError } from "./errors.ts";

/**
 * The port: what an object store must be able to do for checkpoints to be safe on it.
 *
 * Four operations; create-if-absent is the only synchronisation. An adapter makes one attempt a call and
 * classifies what came back as a `StoreError`; the retry loop belongs to the backend, one for all stores.
 * Every MUST is listed in `docs/store-contract.md`, and the suite in `@state/core/conformance` checks it.
 */
export interface ObjectStore {
  /** For messages and logs: `s3://bucket/prefix`. Holds no secret. */
  readonly name: string;

  /**
   * Declares that no page of a listing is torn, for the keys immediately beneath a prefix, if they are at most 500, of
   * 15,000 characters together after the prefix. It is not required; leave it out if you do not know what your service does.
   *
   * A page is of one moment; or a scan that takes each key in ascending order as it is when the scan gets there; or,
   * where a name that was taken is gone when it is looked at, the page's names are taken again. So a row of keys of
   * which the next is created before the last is deleted, such as the floors in `_control/`, is never listed without the
   * key that was the highest when the listing began, or a higher one.
   *
   * The backend does not read it. Its rules for torn listings hold on every store; on one that declares this, what these
   * rules leave over cannot happen either.
   */
  readonly wholeListings?: true;

  /**
   * Creates `key` with `body` if nothing is there. Atomic and durable once it resolves: readers see all of
   * the body or nothing, and of any number of concurrent callers exactly one gets `"created"`.
   *
   * The caller leaves `body` alone until the promise settles; afterwards the store keeps no reference to it.
   *
   * @throws `StoreError`; after `Unavailable` and `Throttled` the object may exist now, or later. `RangeError` for a
   * body of 2^31 bytes or more, before anything is sent.
   */
  create(key: string, body: Uint8Array, options?: CreateOptions): Promise<"created" | "exists">;

  /**
   * Reads the whole body, or `undefined` when nothing is there. Sees every create and delete that had
   * returned before it was called. The bytes are the caller's own.
   *
   * @throws `StoreError`
   */
  get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined>;

  /**
   * Lists the keys that start with `prefix` (`""`, or ending in `/`), lazily, in byte order within and across
   * pages. Each key that is there throughout appears exactly once; pages may see different moments, and a
   * page may be empty. With the delimiter: the immediate children only, folders as `prefixes`.
   *
   * Everything, a bad prefix included, is reported at `next()`. One request a page.
   *
   * @throws `StoreError`
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ListPage>;

  /**
   * Deletes any number of keys; the backend passes at most 1,000. Idempotent: an absent key is a success.
   * Failures are reported key by key; a request that fails as a whole is reported for each of its keys. One bad key
   * (`InvalidKey`) sends nothing.
   */
  delete(keys: readonly string[], options?: OperationOptions): Promise<readonly DeleteFailure[]>;

  /**
   * Looks at what surrounds the objects and shows in no operation: versioning, lifecycle rules, storage classes, locks, the
   * file system, the clock. It is not required, the backend never calls it, and `state doctor` prints what it returns.
   *
   * It changes nothing, and needs none of the permissions that it asks about: what the credentials may not see is a remark
   * of the outcome `unknown`, as is what could not be asked.
   *
   * @throws the signal's own reason, and nothing else
   */
  examine?(options?: OperationOptions): Promise<readonly Remark[]>;

  /** Releases what the store itself opened, never what it was given. */
  close?(): Promise<void>;
}

/** What a store says of its surroundings: one matter that it has looked at. */
export interface Remark {
  /** The matter, in a word or two: `versioning`. */
  readonly about: string;
  /**
   * `failed`: checkpoints are lost by it, or cannot be restored. `warning`: it costs money or time, or stops prunes.
   * `unknown`: it could not be seen.
   */
  readonly outcome: "ok" | "warning" | "failed" | "unknown";
  /** What is so, and what follows from it, as a clause without a full stop. */
  readonly message: string;
  /** The command, or the line of code, that mends it. */
  readonly next?: string | undefined;
}

export interface OperationOptions {
  /** Ends the operation with the signal's own reason; already aborted, nothing is sent. */
  readonly signal?: AbortSignal | undefined;
}

export interface CreateOptions extends OperationOptions {
  /**
   * The SHA-256 of the body as 64 lower-case hex digits, where the caller has it. A store whose service compares one need not
   * compute it again, and the service then compares the body with what the caller took it for. A store may ignore it. If it
   * is not the body's, the store creates the body as it is, or rejects and creates nothing. A store around
   * another that changes the body leaves it out.
   */
  readonly sha256?: string | undefined;
}

export interface ListOptions extends OperationOptions {
  readonly delimiter?: "/" | undefined;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** With the delimiter: the folders, whole, relative to the store, ending in `/`. */
  readonly prefixes: readonly string[];
}

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

export interface DeleteFailure {
  readonly key: string;
  readonly error: StoreError;
}

/** The version of this contract. An adapter's README names the one that it passes. */
export const contractVersion = 1 as const;
