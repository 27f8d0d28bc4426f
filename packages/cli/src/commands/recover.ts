import { ObjectStoreBackend } from "@state/core";
import { writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { openReader } from "../reading.ts";
import { UsageError } from "../usage-error.ts";

export const recover: Command = {
  name: "recover",
  operands: [],
  summary: "goes past a _COMMIT that cannot be read, or writes a lost namespace anew",
  about:
    "Put back a copy first, if there is one: state verify names what is damaged. --give-up makes an epoch void whose _COMMIT cannot be read; its outputs may have been released, so compare the sinks with the newest sealed epoch afterwards. --vnodes writes _control/namespace anew, with the number of vnodes that the job has always had.",
  options: {
    "give-up": { type: "string", value: "EPOCH", help: "the epoch whose _COMMIT cannot be read" },
    version: { type: "string", value: "N", help: "the version to claim for it (one more than the highest)" },
    vnodes: { type: "string", value: "N", help: "the number of vnodes of the job" },
    ...writingOptions,
  },
  examples: ["recover fs:./checkpoints --give-up 41", "recover s3://bucket/job --vnodes 64"],
  async run(call) {
    const { output, options, store, instanceId, signal, confirm } = call;
    const [giveUp, vnodeCapacity] = [options.integer("give-up"), options.integer("vnodes", 1)];
    if ((giveUp === undefined) === (vnodeCapacity === undefined))
      throw new UsageError("recover needs one of --give-up and --vnodes");
    const common = { store, instanceId, signal };
    if (giveUp === undefined) {
      const will = `_control/namespace will say ${vnodeCapacity} vnodes, for ever.`;
      await confirm({ will, type: String(vnodeCapacity) });
      const recovered = await ObjectStoreBackend.recover({ ...common, vnodeCapacity: vnodeCapacity ?? 0 });
      output.json(recovered);
      output.line(
        `the namespace has ${recovered.vnodeCapacity} vnodes; the newest sealed epoch is ${recovered.newest ?? "none"}`,
      );
      return exitCodes.sound;
    }
    await using reader = await openReader(call);
    const version = options.integer("version", 1) ?? (await reader.control({ signal })).fence + 1;
    const will = `Epoch ${giveUp} will be void, though its outputs may have been released, and version ${version} will be claimed: whoever leads is deposed.`;
    await confirm({ will, type: String(giveUp) });
    const given = await ObjectStoreBackend.recover({ ...common, giveUp, version });
    output.json(given);
    output.line(`epoch ${given.epoch} is given up: ${given.fault}`);
    output.line(`whether it was sealed is ${given.sealed}: compare the sinks with the newest sealed epoch`);
    return exitCodes.sound;
  },
};
