import {
  checkArray,
  checkBytes,
  checkEpoch,
  checkFunction,
  checkInteger,
  checkObject,
  checkVersion,
  shown,
} from "../arguments.ts";
import type { Seal } from "../seal.ts";
import { isUint8Array } from "../bytes.ts";
import type { SealedEpoch, WritePartialArguments } from "../state-backend.ts";
import type { CheckedWrite } from "./write.ts";

/** `writePartial`'s arguments, checked. @throws `TypeError`, `RangeError` */
export function writeRequest(args: WritePartialArguments, capacity: number): CheckedWrite {
  checkObject("args", args);
  const epoch = checkEpoch(args.epoch);
  const vnode = checkInteger("vnode", args.vnode, 0, capacity - 1);
  const assignmentVersion = checkVersion("assignmentVersion", args.assignmentVersion);
  const { bytes, cut } = args;
  checkFunction("cut", cut);
  const reuse = sealToReuse(args.reuse, epoch);
  const except = args.except === undefined ? noKeys : keysOf(args.except);
  const whose = { epoch, vnode, assignmentVersion };
  if (isStream(bytes)) return { ...whose, source: bytes, cut, reuse, except };
  if (!isUint8Array(bytes))
    throw new TypeError(`bytes must be a Uint8Array or an AsyncIterable of them, not ${shown(bytes)}`);
  checkBytes("bytes", bytes);
  if (cut === undefined && reuse === undefined) return { ...whose, bytes };
  // The call returns before they are sent.
  return { ...whose, source: oneOf(new Uint8Array(bytes)), cut, reuse, except };
}

const noKeys: ReadonlySet<string> = new Set();

function keysOf(except: unknown): ReadonlySet<string> {
  return new Set(
    Array.from(checkArray("except", except), (key, index) => checkString(`except[${index}]`, key)),
  );
}

function sealToReuse(reuse: SealedEpoch | Seal | undefined, epoch: number): Seal | undefined {
  if (reuse === undefined) return undefined;
  checkObject("reuse", reuse);
  const seal = "seal" in reuse ? reuse.seal : reuse;
  checkObject("reuse.seal", seal);
  checkArray("reuse.partials", seal.partials);
  const below = checkEpoch(seal.epoch, "reuse.epoch");
  if (below >= epoch) throw new RangeError(`reuse is epoch ${below}, which is not below epoch ${epoch}`);
  return seal;
}

function checkString(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, not ${shown(value)}`);
  return value;
}

function isStream(bytes: WritePartialArguments["bytes"]): bytes is AsyncIterable<Uint8Array> {
  const isObject = typeof bytes === "object" && (bytes as object | null) !== null;
  return isObject && !isUint8Array(bytes) && Symbol.asyncIterator in bytes;
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
