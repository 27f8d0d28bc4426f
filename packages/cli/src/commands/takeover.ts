import { writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { openWriter } from "../reading.ts";

export const takeover: Command = {
  name: "takeover",
  operands: [],
  summary: "shuts out whoever leads, and makes void what was not sealed",
  about:
    "It claims a version above every other, as a new leader does. The job goes on with a version that is higher still.",
  options: {
    version: { type: "string", value: "N", help: "the version to claim (one more than the highest)" },
    ...writingOptions,
  },
  examples: ["takeover fs:./checkpoints", "takeover s3://bucket/job --version 12 --yes"],
  async run(call) {
    const { output, options, signal, confirm } = call;
    await using backend = await openWriter(call);
    const { fence } = await backend.control({ signal });
    const version = options.integer("version", 1) ?? fence + 1;
    const means =
      fence === 0 ? "Nobody has claimed one so far." : `Whoever holds version ${fence} leads no more.`;
    await confirm({ will: `Version ${version} will be claimed. ${means}`, type: String(version) });
    const { base, nextEpoch } = await backend.takeover({ version }, { signal });
    output.json({ version, base: base?.epoch, nextEpoch });
    const from = base === undefined ? "nothing was ever sealed" : `the newest sealed epoch is ${base.epoch}`;
    output.line(`version ${version} is claimed; ${from}; the next epoch is ${nextEpoch}`);
    return exitCodes.sound;
  },
};
