import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, timeText } from "../output.ts";
import { openReader, sealUnlessPruned, sizesOf } from "../reading.ts";

export const watch: Command = {
  name: "watch",
  operands: [],
  summary: "a line for each epoch as it is sealed",
  about: "It begins with the newest epoch, and ends with Ctrl-C or after --count epochs.",
  options: {
    interval: { type: "string", value: "MS", help: "how long to wait between two looks (2000)" },
    count: { type: "string", value: "N", help: "end after so many epochs" },
  },
  examples: ["watch fs:./checkpoints", "watch s3://bucket/job --interval 10000 --json"],
  async run(call) {
    const { output, options, signal } = call;
    const interval = options.integer("interval") ?? 2_000;
    let left = options.integer("count", 1) ?? Infinity;
    await using backend = await openReader(call);
    let after = ((await backend.latestCommittedEpoch({ signal })) ?? 0) - 1;
    while (left > 0) {
      for (const epoch of await backend.sealedEpochs(after < 0 ? {} : { after }, { signal })) {
        const seal = await sealUnlessPruned(backend, epoch, signal);
        after = epoch;
        if (seal === undefined || left === 0) continue;
        left -= 1;
        const { committer, at, assignmentVersion } = seal;
        const { vnodes, bytes, ownBytes } = sizesOf(seal);
        output.json({ epoch, at, committer, assignmentVersion, vnodes, bytes, ownBytes });
        const sizes = `${vnodes} vnodes, ${bytesText(bytes)}, ${bytesText(ownBytes)} of them new`;
        output.line(`${timeText(at)}  epoch ${epoch}  by ${committer}  ${sizes}`);
      }
      if (left > 0) await delay(interval, undefined, { signal });
    }
    return exitCodes.sound;
  },
};
