import { integerOf, writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { openWriter } from "../reading.ts";

export const abort: Command = {
  name: "abort",
  operands: ["EPOCH"],
  summary: "makes sure that an epoch will never be sealed",
  about: "If it is sealed, that stands, and the command says so.",
  options: writingOptions,
  examples: ["abort fs:./checkpoints 42"],
  async run(call) {
    const { output, operands, signal, confirm } = call;
    const epoch = integerOf("EPOCH", operands[0] ?? "");
    await confirm({ will: `Epoch ${epoch} will never be sealed.`, type: String(epoch) });
    await using backend = await openWriter(call);
    await backend.abort(epoch, { signal });
    output.json({ epoch, state: "void" });
    output.line(`epoch ${epoch} is void`);
    return exitCodes.sound;
  },
};
