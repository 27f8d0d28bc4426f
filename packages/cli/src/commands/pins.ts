import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { timeText } from "../output.ts";
import { openReader } from "../reading.ts";

export const pins: Command = {
  name: "pins",
  operands: [],
  summary: "which epochs are kept from every prune, and by whom",
  examples: ["pins fs:./checkpoints"],
  async run(call) {
    const { output, signal } = call;
    await using backend = await openReader(call);
    const all = await backend.pins({ signal });
    for (const pin of all) output.json(pin);
    output.table(
      ["EPOCH>", "NAME", "BY", "AT", "SEAL"],
      all.map(({ epoch, name, instanceId, at, sealed }) => [
        String(epoch),
        name,
        instanceId,
        timeText(at),
        sealed ? "there" : output.style("yellow", "gone"),
      ]),
    );
    if (all.length === 0) output.line("nothing is pinned");
    return exitCodes.sound;
  },
};
