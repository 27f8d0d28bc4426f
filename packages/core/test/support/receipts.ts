import { bytesOf } from "../../src/conformance/backend-suite/world.ts";
import type { AttachmentReceipt, WholeReceipt } from "../../src/index.ts";

export const epoch = 5;

export const sha256 = "a".repeat(64);

export const bytes = bytesOf("state");

export const partial: WholeReceipt = {
  epoch,
  vnode: 1,
  assignmentVersion: 0,
  key: "epoch=5/vnode=1/partial.bin",
  size: 5,
  sha256,
};

export const attachment: AttachmentReceipt = {
  epoch,
  name: "offsets",
  assignmentVersion: 0,
  key: "epoch=5/attachment/offsets/data.bin",
  size: 7,
  sha256,
};
