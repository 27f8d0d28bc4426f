import { copy as copyEpochs, type CopyProgress } from "@state/core/copy";
import { integerOf, writingOptions } from "../arguments.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, count } from "../output.ts";
import { openReader } from "../reading.ts";

export const copy: Command = {
  name: "copy",
  operands: ["TO"],
  summary: "copies sealed epochs to another store, byte for byte",
  about:
    "Each object is compared with its seal's SHA-256 before it is written, and an epoch is sealed in TO once all that it names is there. Each epoch is pinned while it is copied. The same command goes on where an interrupted one was, and takes its pin over. Afterwards state verify TO --deep --against STORE reads the copy. A job that goes on from TO calls takeover there: end the one that goes on from STORE first.",
  options: {
    epoch: { type: "string", value: "EPOCH", help: "this epoch alone; latest is the newest" },
    "no-pin": { type: "boolean", help: "only read STORE; if an epoch is pruned meanwhile, the copy ends" },
    ...writingOptions,
  },
  examples: ["copy fs:./checkpoints s3://backup/job", "copy s3://bucket/job fs:./copy --epoch latest --yes"],
  async run(call) {
    const { output, options, operands, store: from, url, instanceId, signal, confirm } = call;
    const [target = ""] = operands;
    await using reader = await openReader(call);
    const asked = options.text("epoch");
    const latest = asked === "latest" ? await reader.latestCommittedEpoch({ signal }) : undefined;
    const epoch = asked === undefined ? undefined : (latest ?? integerOf("--epoch", asked));
    const to = await call.open(target);
    const what = epoch === undefined ? "Every sealed epoch" : `Epoch ${epoch}`;
    await confirm({ will: `${what} of ${url} will be copied to ${target}.`, type: "copy" });
    const onProgress = (now: CopyProgress): void => output.progress(`epoch ${now.epoch}: ${whatOf(now)}`);
    const pin = !options.flag("no-pin");
    const report = await copyEpochs({
      from,
      to,
      epoch,
      pin,
      instanceId,
      signal,
      onProgress,
      concurrency: 16,
    });
    output.json(report);
    const { epochs, found } = report;
    output.line(
      `${count(epochs.length, "epoch")} copied, ${epochs.at(0)} to ${epochs.at(-1)}: ${whatOf(report)}`,
    );
    if (found > 0) output.line(`${count(found, "object")} were there already`);
    return exitCodes.sound;
  },
};

function whatOf({ objects, bytes }: Pick<CopyProgress, "objects" | "bytes">): string {
  return `${count(objects, "object")}, ${bytesText(bytes)}`;
}
