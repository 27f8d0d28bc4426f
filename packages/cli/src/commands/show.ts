import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, count, timeText } from "../output.ts";
import { numberOf } from "./find-epoch.ts";
import { openReader, originOf, ownBytesOf, placeOf, sizesOf } from "../reading.ts";

export const show: Command = {
  name: "show",
  operands: ["EPOCH"],
  summary: "what one epoch holds, and what it lacks",
  about:
    "EPOCH is a number, latest, or pin:NAME. FROM is the epoch that a vnode was written in: what is not its own an epoch takes over from there.",
  examples: [
    "show fs:./checkpoints latest",
    "show s3://bucket/job 41",
    "show gs://bucket/job pin:before-upgrade",
  ],
  async run(call) {
    const { output, operands, signal } = call;
    await using backend = await openReader(call);
    const epoch = await numberOf(backend, operands[0] ?? "", signal);
    const description = await backend.describeEpoch(epoch, { signal });
    const { state, seal, objects, bytes, missing, error } = description;
    output.json({ ...description, error: error?.message });
    output.line(
      `epoch ${epoch} is ${state}; its folder has ${count(objects, "object")}, ${bytesText(bytes)}`,
    );
    if (error !== undefined) output.line(output.style("red", error.message));
    if (description.void !== undefined)
      output.line(`made void by ${description.void.by}, ${timeText(description.void.at)}`);
    if (seal !== undefined) {
      const sizes = sizesOf(seal);
      output.line(
        `sealed by ${seal.committer} under version ${seal.assignmentVersion ?? "-"}, ${timeText(seal.at)}`,
      );
      const base = seal.base === undefined ? "" : ` on top of epoch ${seal.base}`;
      output.line(
        `${bytesText(sizes.bytes)} in all, of which ${bytesText(sizes.ownBytes)} are its own${base}`,
      );
      output.line();
      const rows = [
        ...seal.partials.map((entry) => ({ what: `vnode ${entry.vnode}`, entry })),
        ...seal.attachments.map((entry) => ({ what: `attachment ${entry.name}`, entry })),
      ];
      output.table(
        ["WHAT", "BYTES>", "OWN>", "FROM>", "CODEC", "WHERE"],
        rows.map(({ what, entry }) => [
          what,
          bytesText(entry.size),
          bytesText(ownBytesOf(entry, epoch)),
          String(originOf(entry)),
          entry.codec ?? "-",
          placeOf(entry),
        ]),
      );
    }
    for (const key of missing) output.line(output.style("red", `${key} is gone`));
    return missing.length === 0 && error === undefined ? exitCodes.sound : exitCodes.finding;
  },
};
