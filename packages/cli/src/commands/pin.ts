import { writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { openWriter } from "../reading.ts";
import { numberOf } from "./find-epoch.ts";

export const pin: Command = {
  name: "pin",
  operands: ["EPOCH", "NAME"],
  summary: "keeps a sealed epoch from every prune: a savepoint",
  about:
    "NAME is 1 to 200 of A-Za-z0-9=_-. A name may stand on several epochs; the highest is what it means.",
  options: writingOptions,
  examples: ["pin fs:./checkpoints latest before-upgrade"],
  async run(call) {
    const { output, operands, signal, confirm } = call;
    const [text = "", name = ""] = operands;
    await using backend = await openWriter(call);
    const epoch = await numberOf(backend, text, signal);
    await confirm({ will: `Epoch ${epoch} will be pinned as ${name}.`, type: name });
    output.json(await backend.pin({ epoch, name }, { signal }));
    output.line(`epoch ${epoch} is pinned as ${name}`);
    return exitCodes.sound;
  },
};
