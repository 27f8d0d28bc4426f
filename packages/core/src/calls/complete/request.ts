import { checkArray, checkBytes, checkEpoch, checkInteger, checkObject, invalid } from "../../arguments.ts";
import { type GivenBytes, inlineLimit, sizeOf } from "../../inline.ts";
import { checkAttachmentReceipt, checkPartialReceipt } from "../../receipt-arguments.ts";
import type { AttachmentReceipt, PartialReceipt } from "../../receipt.ts";
import type { EpochCompleteArguments, PartialBytes } from "../../state-backend.ts";

/** `epochComplete`'s arguments, checked and copied: each vnode and each name once. */
export interface CompleteRequest {
  readonly epoch: number;
  readonly receipts: readonly PartialReceipt[];
  /** Bytes that go into the seal. */
  readonly given: readonly GivenBytes[];
  /** Vnodes of which the caller has no receipt. */
  readonly vnodes: readonly number[];
  readonly unchanged: readonly number[];
  /** Vnodes of the newest seal that are left out on purpose. */
  readonly dropped: readonly number[];
  /** The epoch that `unchanged` refers to, if the caller says it. */
  readonly base: number | undefined;
  readonly attachments: readonly AttachmentReceipt[];
  /** The epoch that is anchored beside the seal. */
  readonly next: number | undefined;
}

/** @throws `TypeError`, `RangeError`, `ReceiptInvalid` */
export function completeRequest(args: EpochCompleteArguments, capacity: number): CompleteRequest {
  checkObject("args", args);
  const epoch = checkEpoch(args.epoch);
  // Array.from: a hole must meet the checks like any other value.
  const parts = Array.from(checkArray("parts", args.parts));
  const unchanged = Array.from(checkArray("unchanged", args.unchanged, []), (vnode, index) =>
    checkInteger(`unchanged[${index}]`, vnode, 0, capacity - 1),
  );
  const attachments = Array.from(checkArray("attachments", args.attachments, []), (receipt, index) =>
    checkAttachmentReceipt(`attachments[${index}]`, receipt, epoch),
  );
  const dropped = Array.from(checkArray("dropped", args.dropped, []), (vnode, index) =>
    checkInteger(`dropped[${index}]`, vnode, 0, capacity - 1),
  );
  const base = args.base === undefined ? undefined : checkEpoch(args.base, "base");
  const next = nextOf(args.next, epoch);
  const receipts: PartialReceipt[] = [];
  const given: GivenBytes[] = [];
  const vnodes: number[] = [];
  for (const [index, part] of parts.entries()) {
    const name = `parts[${index}]`;
    if (typeof part === "number") vnodes.push(checkInteger(name, part, 0, capacity - 1));
    else if (isBytes(part)) given.push(checkGiven(name, part, capacity));
    else receipts.push(checkPartialReceipt(name, part, epoch, capacity));
  }
  if (sizeOf(given) > inlineLimit) {
    const advice = "write the larger ones with writePartial";
    throw new RangeError(`the bytes in parts are ${sizeOf(given)} in all, above ${inlineLimit}: ${advice}`);
  }
  // rule: empty-epoch-is-an-error
  if (parts.length + unchanged.length + attachments.length === 0) {
    throw new RangeError("parts, unchanged and attachments are all empty: there is nothing to seal");
  }

  const written = [...vnodes, ...[...receipts, ...given].map(({ vnode }) => vnode)];
  const named = new Set<number>();
  for (const vnode of written) {
    if (named.has(vnode)) throw invalid(epoch, `parts names vnode ${vnode} twice`);
    named.add(vnode);
  }
  for (const vnode of unchanged) {
    if (named.has(vnode)) throw new RangeError(`unchanged names vnode ${vnode}, which is named twice`);
    named.add(vnode);
  }
  for (const vnode of dropped) {
    if (named.has(vnode)) throw new RangeError(`dropped names vnode ${vnode}, which is named twice`);
    named.add(vnode);
  }
  const names = attachments.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(epoch, `attachments names ${twice} twice`);
  return { epoch, receipts, given, vnodes, unchanged, dropped, base, attachments, next };
}

function isBytes(part: unknown): part is PartialBytes {
  return typeof part === "object" && part !== null && "bytes" in part;
}

/** Copied: the caller may go on with its own. */
function checkGiven(name: string, { vnode, bytes }: PartialBytes, capacity: number): GivenBytes {
  return {
    vnode: checkInteger(`${name}.vnode`, vnode, 0, capacity - 1),
    // rule: given-bytes-are-copied
    bytes: new Uint8Array(checkBytes(`${name}.bytes`, bytes)),
  };
}

function nextOf(next: EpochCompleteArguments["next"], epoch: number): number | undefined {
  if (next === false || (next === undefined && epoch === Number.MAX_SAFE_INTEGER)) return undefined;
  return next === undefined ? epoch + 1 : checkInteger("next", next, epoch + 1);
}
