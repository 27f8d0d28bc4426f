import { integerOf, writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { openWriter } from "../reading.ts";

export const pin: Command = {
  name: "pin",
  operands: ["EPOCH", "NAME"],
  summary: "keeps a sealed epoch from every prune: a savepoint",
  about:
    "NAME is 1 to 200 of A-Za-z0-9=_-. A name may stand on several epochs; the highest is what it means.",
  options: writingOptions,
  examples: ["pin fs:./checkpoints 41 before-upgrade"],
  async run(call) {
    const { output, operands, signal, confirm } = call;
    const [text = "", name = ""] = operands;
    const epoch = integerOf("EPOCH", text);
    await confirm({ will: `Epoch ${epoch} will be pinned as ${name}.`, type: name });
    await using backend = await openWriter(call);
    output.json(await backend.pin({ epoch, name }, { signal }));
    output.line(`epoch ${epoch} is pinned as ${name}`);
    return exitCodes.sound;
  },
};
