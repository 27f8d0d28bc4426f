import type { PartialReceipt } from "../../src/receipt.ts";
import type {
  EpochOutcome,
  EpochState,
  SealedEpoch,
  StateBackend,
  Takeover,
} from "../../src/state-backend.ts";
import type { Instance } from "./instance.ts";

/** A number, or what the last `takeover` gave out and was not yet used. */
export type Epoch = number | "next";

/** What an actor calls. */
export type Call =
  | { readonly kind: "open"; readonly vnodeCapacity?: number; readonly mustExist?: boolean }
  | {
      readonly kind: "write";
      readonly epoch: Epoch;
      readonly vnode: number;
      readonly text?: string;
      /** As a stream, which uses the chunks of the handle that the instance has got last again. */
      readonly streams?: true;
      /** The one in force, unless it says other. */
      readonly version?: number;
    }
  | { readonly kind: "attach"; readonly epoch: Epoch; readonly text?: string }
  | {
      /** With the receipts of what was written in that epoch. */
      readonly kind: "complete";
      readonly epoch: Epoch;
      /** Only with the receipts of these vnodes. */
      readonly vnodes?: readonly number[];
      /** Vnodes that are named by their number, without a receipt. */
      readonly numbers?: readonly number[];
      /** Vnodes whose bytes go into the seal. */
      readonly given?: readonly number[];
      /** Whose receipts, if not those of the instance itself. */
      readonly from?: string;
      readonly unchanged?: readonly number[];
      readonly dropped?: readonly number[];
      readonly base?: number;
      /** Whether it passes no attachment, though it has written one. */
      readonly forgetsAttachments?: boolean;
    }
  | { readonly kind: "abort"; readonly epoch: number }
  | { readonly kind: "takeover"; readonly version: number }
  | { readonly kind: "latest" }
  /** Of the handle that `latest` or `takeover` gave last. */
  | { readonly kind: "read"; readonly vnode: number }
  | { readonly kind: "readPartial"; readonly epoch: number; readonly vnode: number }
  | { readonly kind: "describe"; readonly epoch: number }
  | { readonly kind: "sealedEpochs" }
  | { readonly kind: "sealed"; readonly epoch: number }
  | { readonly kind: "epochs" }
  /** Gives up the epoch, whose `_COMMIT` cannot be read. */
  | { readonly kind: "giveUp"; readonly epoch: number; readonly version: number }
  | { readonly kind: "recoverNamespace"; readonly vnodeCapacity: number }
  | {
      readonly kind: "prune";
      readonly before: number;
      readonly asOperator?: boolean;
      readonly dryRun?: boolean;
    }
  | { readonly kind: "keep"; readonly keep: number }
  /** Under the instance's own name, unless there is another. */
  | { readonly kind: "pin"; readonly epoch: number; readonly name?: string }
  | { readonly kind: "unpin"; readonly epoch: number }
  /** What the instance has pinned, for `read`. */
  | { readonly kind: "openPin" };

export type CallKind = Call["kind"];

export function textOfCall(call: Call): string {
  switch (call.kind) {
    case "open":
      return `open${call.vnodeCapacity === undefined ? "" : ` with ${call.vnodeCapacity} vnodes`}${call.mustExist === true ? " mustExist" : ""}`;
    case "write":
      return `writePartial ${call.epoch}/${call.vnode}${of("version", call.version)}${of("streams", call.streams && call.text)}`;
    case "attach":
      return `writeAttachment ${call.epoch}`;
    case "complete":
      return `epochComplete ${call.epoch}${argumentsOf(call)}`;
    case "abort":
      return `abort ${call.epoch}`;
    case "takeover":
      return `takeover ${call.version}`;
    case "read":
      return `handle.read ${call.vnode}`;
    case "readPartial":
      return `readPartial ${call.epoch}/${call.vnode}`;
    case "describe":
      return `describeEpoch ${call.epoch}`;
    case "prune":
      return `pruneBefore ${call.before}${call.asOperator === true ? " asOperator" : ""}${call.dryRun === true ? " dryRun" : ""}`;
    case "sealed":
      return `sealed ${call.epoch}`;
    case "giveUp":
      return `recover giveUp ${call.epoch} version ${call.version}`;
    case "recoverNamespace":
      return `recover vnodeCapacity ${call.vnodeCapacity}`;
    case "keep":
      return `prune keep ${call.keep}`;
    case "pin":
      return `pin ${call.epoch}${of("as", call.name)}`;
    case "unpin":
      return `unpin ${call.epoch}`;
    case "latest":
    case "sealedEpochs":
    case "epochs":
    case "openPin":
      break;
  }
  return call.kind;
}

type Complete = Extract<Call, { readonly kind: "complete" }>;

function argumentsOf({
  vnodes,
  numbers,
  given,
  from,
  unchanged,
  dropped,
  base,
  forgetsAttachments,
}: Complete): string {
  return [
    of("vnodes", vnodes),
    of("numbers", numbers),
    of("given", given),
    of("from", from),
    of("unchanged", unchanged),
    of("dropped", dropped),
    of("base", base),
    forgetsAttachments === true ? " without attachments" : "",
  ].join("");
}

function of(name: string, value: number | string | readonly number[] | undefined): string {
  if (value === undefined) return "";
  return ` ${name} ${typeof value === "object" ? value.join(" ") : value}`;
}

export async function perform(instance: Instance, call: Call, signal: AbortSignal): Promise<unknown> {
  if (call.kind === "open") {
    const { vnodeCapacity, mustExist = false } = call;
    return instance.open({ mustExist, ...(vnodeCapacity === undefined ? {} : { vnodeCapacity }) });
  }
  if (call.kind === "giveUp") return instance.recover({ giveUp: call.epoch, version: call.version });
  if (call.kind === "recoverNamespace") return instance.recover({ vnodeCapacity: call.vnodeCapacity });
  const { backend } = instance;
  const options = { signal };
  switch (call.kind) {
    case "write":
      return write(instance, call, signal);
    case "attach":
      return attach(instance, call, signal);
    case "complete":
      return complete(instance, call, signal);
    case "abort":
      return backend.abort(call.epoch, options);
    case "takeover":
      return takenOver(instance, await backend.takeover({ version: call.version }, options));
    case "latest":
      instance.handle = await backend.latest(options);
      return instance.handle;
    case "read":
      return instance.handle?.read(call.vnode, options);
    case "readPartial":
      return backend.readPartial({ epoch: call.epoch, vnode: call.vnode }, options);
    case "describe":
      return backend.describeEpoch(call.epoch, options);
    case "sealedEpochs":
      return backend.sealedEpochs({}, options);
    case "sealed":
      return backend.sealed(call.epoch, options);
    case "epochs":
      return listEpochs(backend, options);
    case "keep":
      return backend.prune({ keep: call.keep }, options);
    case "pin":
      return backend.pin({ epoch: call.epoch, name: call.name ?? instance.id }, options);
    case "unpin":
      return backend.unpin({ epoch: call.epoch, name: instance.id }, options);
    case "openPin":
      instance.handle = await backend.openPin(instance.id, options);
      return instance.handle;
    case "prune":
      break;
  }
  return backend.pruneBefore(call.before, {
    ...options,
    asOperator: call.asOperator,
    dryRun: call.dryRun,
  });
}

async function listEpochs(
  backend: StateBackend,
  options: { readonly signal: AbortSignal },
): Promise<readonly EpochState[]> {
  const states: EpochState[] = [];
  for await (const state of backend.epochs(options)) states.push(state);
  return states;
}

async function write(
  instance: Instance,
  call: Extract<Call, { readonly kind: "write" }>,
  signal: AbortSignal,
): Promise<PartialReceipt> {
  const { backend, id } = instance;
  const { vnode } = call;
  const epoch = instance.epoch(call.epoch);
  const text = call.text ?? `${id} wrote ${epoch}/${vnode}`;
  const bytes = new TextEncoder().encode(text);
  const assignmentVersion = call.version ?? backend.authoritativeVersion;
  const written = { epoch, vnode, text, receipt: undefined as PartialReceipt | undefined };
  instance.written.push(written);
  const how = call.streams === true ? { bytes: once(text), reuse: reusable(instance, epoch) } : { bytes };
  const writing = backend.writePartial({ epoch, vnode, assignmentVersion, ...how }, { signal });
  // The buffer is the caller's again, who goes on using it.
  bytes.fill(0);
  const receipt = await writing;
  written.receipt = { ...receipt };
  scribbleOver(receipt);
  return written.receipt;
}

async function* once(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield new TextEncoder().encode(text);
}

function reusable({ handle }: Instance, epoch: number): SealedEpoch | undefined {
  return handle !== undefined && handle.epoch < epoch ? handle : undefined;
}

async function attach(
  instance: Instance,
  call: Extract<Call, { readonly kind: "attach" }>,
  signal: AbortSignal,
): Promise<unknown> {
  const { backend, id, attached } = instance;
  const epoch = instance.epoch(call.epoch);
  const text = call.text ?? `${id} attached to ${epoch}`;
  const bytes = new TextEncoder().encode(text);
  const assignmentVersion = backend.authoritativeVersion;
  const receipt = await backend.writeAttachment(
    { epoch, name: "offsets", assignmentVersion, bytes },
    { signal },
  );
  attached.set(`${epoch}/${receipt.name}`, { receipt, text });
  return receipt;
}

async function complete(instance: Instance, call: Complete, signal: AbortSignal): Promise<EpochOutcome> {
  const { unchanged, dropped, base, numbers = [], given = [], forgetsAttachments = false } = call;
  const epoch = instance.epoch(call.epoch);
  const receipts = instance.passed(call).flatMap(({ receipt }) => receipt ?? []);
  const attachments = forgetsAttachments ? [] : instance.attachmentsOf(epoch).map(({ receipt }) => receipt);
  const parts = given.map((vnode) => ({
    vnode,
    bytes: new TextEncoder().encode(givenText(instance.id, epoch, vnode)),
  }));
  const completion = instance.backend.epochComplete(
    { epoch, parts: [...receipts, ...numbers, ...parts], unchanged, dropped, base, attachments },
    { signal },
  );
  for (const { bytes } of parts) bytes.fill(0);
  const outcome = await completion;
  if (!outcome.complete) return outcome;
  const told = { ...outcome, seal: structuredClone(outcome.seal) };
  for (const entry of outcome.seal.partials) scribbleOver(entry);
  return told;
}

/** What an instance gives for a vnode, to be in the seal. */
export function givenText(id: string, epoch: number, vnode: number): string {
  return `${id} gave ${epoch}/${vnode}`;
}

/** What a caller was given is its own, too: it must make no difference to the backend what it does with it. */
function scribbleOver(given: object): void {
  Reflect.set(given, "size", 0);
}

function takenOver(instance: Instance, taken: Takeover): Takeover {
  instance.handle = taken.base;
  instance.nextEpoch = taken.nextEpoch;
  return taken;
}
