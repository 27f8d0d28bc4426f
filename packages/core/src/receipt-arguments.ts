/** Receipts, as a coordinator got them from its workers: checked before anything is sent. */
import {
  checkArray,
  checkAttachmentName,
  checkCodecId,
  checkEpoch,
  checkInteger,
  checkObject,
  checkVersion,
  invalid,
  shown,
} from "./arguments.ts";
import { decodeChunks } from "./inventory.ts";
import { isSha256 } from "./json.ts";
import { attachmentKeys, partialKeys } from "./layout.ts";
import { maxBytes } from "./limits.ts";
import type { AttachmentReceipt, ChunkedReceipt, Coded, Digest, PartialReceipt } from "./receipt.ts";

type Unchecked = Readonly<Record<string, unknown>>;

/** A copy of a receipt, checked to be well formed and to belong to the epoch. @throws also `ReceiptInvalid` */
export function checkPartialReceipt(
  name: string,
  value: unknown,
  epoch: number,
  capacity: number,
): PartialReceipt {
  checkObject(name, value);
  const receipt = value as Unchecked;
  const vnode = checkInteger(`${name}.vnode`, receipt["vnode"], 0, capacity - 1);
  if (receipt["chunks"] !== undefined) return checkChunkedReceipt(name, receipt, epoch, vnode);
  const checked = { vnode, ...checkStored(name, receipt, epoch) };
  const keys = partialKeys(epoch, vnode);
  if (checked.key !== keys.first && checked.key !== keys.later(checked.sha256)) {
    throw invalid(
      epoch,
      `${name}: ${checked.key} is no partial of vnode ${vnode} with these bytes in epoch ${epoch}`,
    );
  }
  return checked;
}

/** Whether the digests are those of the chunks is compared before anything is sent. */
function checkChunkedReceipt(name: string, receipt: Unchecked, epoch: number, vnode: number): ChunkedReceipt {
  if (receipt["key"] !== undefined) throw invalid(epoch, `${name} has a key and chunks`);
  const whole = { vnode, ...checkOfEpoch(name, receipt, epoch, Number.MAX_SAFE_INTEGER) };
  const given = checkArray(`${name}.chunks`, receipt["chunks"]);
  const chunks = decodeChunks(given, whole);
  if (chunks === undefined)
    throw invalid(epoch, `${name}: these are no chunks of vnode ${vnode} that make up ${whole.size} bytes`);
  return { ...whole, chunks };
}

/** A copy of a receipt, checked to be well formed and to belong to the epoch. @throws also `ReceiptInvalid` */
export function checkAttachmentReceipt(name: string, value: unknown, epoch: number): AttachmentReceipt {
  checkObject(name, value);
  const receipt = value as Unchecked;
  const attachment = checkAttachmentName(`${name}.name`, receipt["name"]);
  const checked = { name: attachment, ...checkStored(name, receipt, epoch) };
  const keys = attachmentKeys(epoch, attachment);
  if (checked.key !== keys.first && checked.key !== keys.later(checked.sha256)) {
    throw invalid(
      epoch,
      `${name}: ${checked.key} is no attachment ${attachment} with these bytes in epoch ${epoch}`,
    );
  }
  return checked;
}

type OfEpoch = Omit<AttachmentReceipt, "name" | "key">;

function checkStored(name: string, receipt: Unchecked, epoch: number): OfEpoch & { readonly key: string } {
  const { key } = receipt;
  if (typeof key !== "string") throw new TypeError(`${name}.key must be a string, not ${shown(key)}`);
  const { assignmentVersion, ...digest } = checkOfEpoch(name, receipt, epoch, maxBytes - 1);
  return { ...digest, assignmentVersion, key };
}

function checkOfEpoch(name: string, receipt: Unchecked, epoch: number, maxSize: number): OfEpoch {
  const own = checkEpoch(receipt["epoch"], `${name}.epoch`);
  const assignmentVersion = checkVersion(`${name}.assignmentVersion`, receipt["assignmentVersion"]);
  const digest = checkDigest(name, receipt, maxSize);
  const coded = checkCoded(name, receipt, maxSize);
  if (own !== epoch) throw invalid(epoch, `${name} is a receipt of epoch ${own}, not of ${epoch}`);
  return { epoch, assignmentVersion, ...digest, ...coded };
}

function checkCoded(name: string, { codec, plain }: Unchecked, maxSize: number): Coded {
  if (codec === undefined && plain === undefined) return {};
  checkObject(`${name}.plain`, plain);
  const digest = checkDigest(`${name}.plain`, plain as Unchecked, maxSize);
  return { codec: checkCodecId(`${name}.codec`, codec), plain: digest };
}

function checkDigest(name: string, { size, sha256 }: Unchecked, maxSize: number): Digest {
  const bytes = checkInteger(`${name}.size`, size, 0, maxSize);
  if (typeof sha256 !== "string")
    throw new TypeError(`${name}.sha256 must be a string, not ${shown(sha256)}`);
  if (!isSha256(sha256))
    throw new RangeError(`${name}.sha256 must be 64 lower-case hex digits, not ${shown(sha256)}`);
  return { size: bytes, sha256 };
}
