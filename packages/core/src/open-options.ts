import {
  checkAmount,
  checkArray,
  checkBoolean,
  checkCodecId,
  checkFunction,
  checkInstanceId,
  checkInteger,
  checkObject,
  checkVersion,
  signalOf,
} from "./arguments.ts";
import { type Codec, Codecs } from "./codec.ts";
import type { BackendEvent } from "./events.ts";
import { defaultChunkBytes, maxChunkBytes, minChunkBytes } from "./limits.ts";
import type { RetentionOptions } from "./retention.ts";
import type { RetryOptions } from "./retry.ts";
import { checkRuntime } from "./runtime.ts";
import { maxTimerMs } from "./timers.ts";
import type { ObjectStore } from "./store.ts";

/** The most vnodes that a namespace can have. */
export const maxCapacity = 65_536;

export interface OpenOptions {
  readonly store: ObjectStore;
  /** Names this process among its peers: 1 to 200 printable characters, not starting with `{`. */
  readonly instanceId: string;
  /**
   * 1 to 65,536; the same for everyone who opens this namespace, for ever. With `readOnly` it may be left out: it is then
   * what the namespace has.
   */
  readonly vnodeCapacity?: number | undefined;
  /** Creates nothing and accepts a namespace that is not there yet, unless `mustExist`. */
  readonly readOnly?: boolean | undefined;
  /** Refuses a store that holds no checkpoints, as `NamespaceAbsent`: a mistyped path looks like a new job. */
  readonly mustExist?: boolean | undefined;
  /**
   * LaminarDB's rule: a vnode number stands for the only partial that the listing shows, whoever wrote it.
   *
   * What this gives up: nothing tells two attempts at an epoch apart, so a seal can mix their cuts, and a
   * write under an assignment version that has been superseded can satisfy a seal. The seal holds no digest of
   * such a partial, so what is read back is checked by its size alone. Nor does anything tell what a codec wrote:
   * if one process has codecs, all need them. Pass receipts instead where you can.
   */
  readonly acceptListed?: boolean | undefined;
  /**
   * Lists each epoch before it is sealed, and compares its objects with their receipts: an object that somebody deleted by
   * hand, or a receipt that lies, is found before the seal names it. Costs one round trip and one request an epoch.
   */
  readonly verifyObjects?: boolean | undefined;
  /** How many requests one call has in flight at most; 1 to 1,024. Default 8: plenty for two cores and one bucket. */
  readonly concurrency?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /** How large the chunks of a stream are: 64 KiB to 1 GiB. Default 4 MiB, of which a call has a few in memory. */
  readonly chunkBytes?: number | undefined;
  /**
   * What partials and attachments go through on their way. The first writes, and each reads what has its id, which is in
   * the seal: to change a codec or its key, put the new one before the old one. Default: none.
   */
  readonly codecs?: readonly Codec[] | undefined;
  /**
   * Prunes by itself, beside the job: after the first epoch that this backend completes under a version that it claimed
   * with `takeover`, then after every `keep / 2` such epochs, rounded up. One prune runs at a time; `epochComplete` waits
   * for none, `close` for the one that runs. Each ends in a `RetentionEvent`: without `onEvent` a failure is not seen.
   */
  readonly retention?: RetentionOptions | undefined;
  /** Called synchronously; what it throws goes to `reportError`, or becomes an uncaught error, never into the call. */
  readonly onEvent?: ((event: BackendEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The options, checked, with their defaults. */
export interface CheckedOptions {
  readonly store: ObjectStore;
  readonly instanceId: string;
  readonly vnodeCapacity: number | undefined;
  readonly readOnly: boolean;
  readonly mustExist: boolean;
  readonly acceptListed: boolean;
  readonly verifyObjects: boolean;
  readonly concurrency: number;
  readonly retry: RetryOptions | undefined;
  readonly chunkBytes: number;
  readonly codecs: Codecs;
  readonly retention: RetentionOptions | undefined;
  readonly onEvent: ((event: BackendEvent) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What `recover` needs of what `open` takes. */
export type RecoverOptions = Pick<
  OpenOptions,
  "store" | "instanceId" | "concurrency" | "retry" | "onEvent" | "signal"
>;

/** An epoch whose `_COMMIT` cannot be read. */
export interface GiveUp {
  readonly giveUp: number;
  /** Claimed for it: higher than every version claimed before. */
  readonly version: number;
}

/** `_control/namespace` was lost. */
export interface RecoverNamespace {
  /** What it was: every vnode that the newest seal names is below it. */
  readonly vnodeCapacity: number;
}

export interface CheckedRecovery {
  readonly open: CheckedOptions;
  readonly damage: { readonly epoch: number; readonly version: number } | { readonly vnodeCapacity: number };
}

/** @throws `TypeError`, `RangeError` */
export function checkRecoverOptions(options: RecoverOptions & (GiveUp | RecoverNamespace)): CheckedRecovery {
  checkObject("options", options);
  const asked: Partial<GiveUp & RecoverNamespace> = options;
  if ((asked.giveUp === undefined) === (asked.vnodeCapacity === undefined))
    throw new TypeError("recover needs giveUp and version, or vnodeCapacity");
  if (asked.giveUp === undefined) {
    const vnodeCapacity = checkCapacity(asked.vnodeCapacity);
    return { open: checkOpenOptions({ ...options, vnodeCapacity }), damage: { vnodeCapacity } };
  }
  const damage = {
    epoch: checkInteger("giveUp", asked.giveUp, 0),
    // The job has to claim a higher one.
    // rule: give-up-leaves-a-version-above
    version: checkVersion("version", asked.version, 1),
  };
  // The namespace says its capacity, and nothing is created by opening it.
  return { open: checkOpenOptions({ ...options, readOnly: true }), damage };
}

/** @throws `TypeError`, `RangeError`; `Error` on a Node that is too old */
export function checkOpenOptions(options: OpenOptions): CheckedOptions {
  checkRuntime();
  checkObject("options", options);
  const { store, retry, retention, onEvent, concurrency = 8 } = options;
  checkObject("store", store);
  for (const operation of ["create", "get", "list", "delete"] as const) {
    if (typeof store[operation] !== "function") throw new TypeError(`store has no ${operation}`);
  }
  const readOnly = checkBoolean("readOnly", options.readOnly);
  const fromNamespace = readOnly && options.vnodeCapacity === undefined;
  const checked = {
    store,
    instanceId: checkInstanceId(options.instanceId),
    vnodeCapacity: fromNamespace ? undefined : checkCapacity(options.vnodeCapacity),
    readOnly,
    mustExist: checkBoolean("mustExist", options.mustExist),
    acceptListed: checkBoolean("acceptListed", options.acceptListed),
    verifyObjects: checkBoolean("verifyObjects", options.verifyObjects),
    concurrency: checkInteger("concurrency", concurrency, 1, 1024),
    retry,
    chunkBytes: checkInteger(
      "chunkBytes",
      options.chunkBytes ?? defaultChunkBytes,
      minChunkBytes,
      maxChunkBytes,
    ),
    codecs: new Codecs(checkCodecs(options.codecs)),
    retention: checkRetention(retention),
    onEvent,
  };
  checkRetry(retry);
  checkFunction("onEvent", onEvent);
  return { ...checked, signal: signalOf(options) };
}

export function checkCapacity(value: unknown): number {
  return checkInteger("vnodeCapacity", value, 1, maxCapacity);
}

function checkRetention(retention: RetentionOptions | undefined): RetentionOptions | undefined {
  if (retention === undefined) return undefined;
  checkObject("retention", retention);
  return { keep: checkInteger("retention.keep", retention.keep, 1) };
}

function checkCodecs(codecs: readonly Codec[] | undefined): readonly Codec[] {
  const ids = new Set<string>();
  const checked = Array.from(checkArray("codecs", codecs, []) as readonly Codec[]);
  for (const [index, codec] of checked.entries()) {
    const name = `codecs[${index}]`;
    checkObject(name, codec);
    checkCodecId(`${name}.id`, codec.id);
    if (ids.has(codec.id)) throw new RangeError(`codecs has ${codec.id} twice`);
    ids.add(codec.id);
    for (const method of ["encode", "decode"] as const)
      if (typeof codec[method] !== "function") throw new TypeError(`${name} has no ${method}`);
  }
  return checked;
}

function checkRetry(retry: RetryOptions | undefined): void {
  if (retry === undefined) return;
  checkObject("retry", retry);
  if (retry.attempts !== undefined) checkInteger("retry.attempts", retry.attempts, 1);
  for (const name of ["baseDelayMs", "maxDelayMs", "deadlineMs", "attemptTimeoutMs"] as const) {
    if (retry[name] !== undefined)
      checkAmount(`retry.${name}`, retry[name], name.endsWith("DelayMs") ? 0 : 1, maxTimerMs);
  }
  for (const name of ["now", "sleep", "random"] as const) checkFunction(`retry.${name}`, retry[name]);
}
