import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { fencesOf } from "../fences.ts";
import { timeText } from "../output.ts";
import { openReader } from "../reading.ts";

export const leaders: Command = {
  name: "leaders",
  operands: [],
  summary: "who has claimed which version, and when",
  about:
    "The highest version leads. Prunes keep the last sixteen. The times are by the clocks of those who claimed.",
  examples: ["leaders fs:./checkpoints", "leaders s3://bucket/job --json"],
  async run(call) {
    const { output, store, signal } = call;
    // It refuses a path that holds no checkpoints.
    await using backend = await openReader(call);
    const { fence } = await backend.control({ signal });
    const fences = await fencesOf(store, signal);
    for (const each of fences) output.json({ ...each, leads: each.version === fence });
    output.table(
      ["VERSION>", "CLAIMED BY", "AT", "INCARNATION"],
      fences.map(({ version, instanceId, at, incarnation }) => [
        version === fence ? output.style("green", String(version)) : String(version),
        instanceId ?? "unknown",
        timeText(at),
        incarnation ?? "unknown",
      ]),
    );
    output.line(fence === 0 ? "nobody has claimed a version" : `version ${fence} leads`);
    return exitCodes.sound;
  },
};
