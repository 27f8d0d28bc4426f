import { integerOf, writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { openWriter } from "../reading.ts";
import { UsageError } from "../usage-error.ts";

export const unpin: Command = {
  name: "unpin",
  operands: ["NAME", "EPOCH"],
  optionalOperands: 1,
  summary: "lets go of a pinned epoch, or of all of that name",
  about: "The next prune may delete it.",
  options: writingOptions,
  examples: ["unpin fs:./checkpoints before-upgrade"],
  async run(call) {
    const { output, operands, signal, confirm } = call;
    const [name = "", text] = operands;
    const epoch = text === undefined ? undefined : integerOf("EPOCH", text);
    await using backend = await openWriter(call);
    const { pins, floor } = await backend.control({ signal });
    const meant = pins.filter((other) => other.name === name && (epoch ?? other.epoch) === other.epoch);
    if (meant.length === 0) throw new UsageError(`nothing is pinned as ${name}: state pins lists what is`);
    const epochs = meant.map((other) => other.epoch).join(", ");
    const means = meant.some((other) => other.epoch < floor)
      ? " What is below the floor goes with the next prune."
      : "";
    await confirm({ will: `${name} will be taken from epoch ${epochs}.${means}`, type: name });
    await backend.unpin({ name, epoch }, { signal });
    output.json({ name, epochs: meant.map((other) => other.epoch) });
    output.line(`${name} no longer pins epoch ${epochs}`);
    return exitCodes.sound;
  },
};
