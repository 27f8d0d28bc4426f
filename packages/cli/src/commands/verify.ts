import { type Finding, type Severity, verify as findings, type VerifyProgress } from "@state/core/verify";
import { type ObjectStore, ObjectStoreBackend } from "@state/core";
import type { Call, Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { count } from "../output.ts";
import { checkNotEmpty, lookedAt } from "../reading.ts";

export const verify: Command = {
  name: "verify",
  operands: [],
  summary: "looks at every object from the seals down, and names what is wrong",
  about:
    "Without --deep it compares sizes, by listings alone; with it every object is read and its SHA-256 compared. Bytes are compared as they are stored: nothing is decoded, and no codec is needed; a program with the codecs tries that by reading an epoch. It writes nothing and runs beside the job. A finding is damage if a restore, a takeover or a prune fails or would give wrong bytes; a warning if something is not as it was written and nothing fails yet; a notice if a running job, a crash or a prune left it behind. Notices alone are sound.",
  options: {
    deep: { type: "boolean", help: "read every object" },
    from: { type: "string", value: "EPOCH", help: "go on where a run was interrupted" },
    against: {
      type: "string",
      value: "STORE",
      help: "and compare its seals with those of the store that it is a copy of",
    },
    notices: { type: "boolean", help: "show notices too" },
  },
  examples: [
    "verify fs:./checkpoints",
    "verify s3://bucket/job --deep",
    "verify gs://bucket/job --deep --json",
  ],
  async run(call) {
    const { store, output, options, signal } = call;
    const counts: Record<Severity, number> = { damage: 0, warning: 0, notice: 0 };
    let progress: VerifyProgress | undefined;
    const onProgress = (now: VerifyProgress): void => {
      progress = now;
      output.progress(`epoch ${now.epoch}: ${lookedAt(now)}`);
    };
    const from = options.integer("from");
    const deep = options.flag("deep");
    await checkNotEmpty(call);
    try {
      for await (const found of findings({ store, deep, from, signal, onProgress, concurrency: 16 })) {
        counts[found.severity] += 1;
        output.json({ type: "finding", ...found });
        if (found.severity !== "notice" || options.flag("notices")) show(found);
      }
    } catch (error) {
      if (progress?.next !== undefined) output.note(`go on by --from ${progress.next}`);
      throw error;
    }
    const original = options.text("against");
    if (original !== undefined) {
      for await (const differing of differences(await call.open(original), call)) {
        counts.damage += 1;
        output.json({ type: "finding", ...differing });
        show(differing);
      }
    }
    const isSound = counts.damage + counts.warning === 0;
    output.json({ type: "end", sound: isSound, deep, ...counts, ...progress });
    output.line(progress === undefined ? "no epoch is there" : lookedAt(progress));
    const notices = count(counts.notice, "notice");
    if (isSound) output.line(output.style("green", `sound; ${notices}`));
    else
      output.line(
        output.style(
          "red",
          `${count(counts.damage, "finding")} of damage, ${count(counts.warning, "warning")}; ${notices}`,
        ),
      );
    return isSound ? exitCodes.sound : exitCodes.finding;

    function show({
      severity,
      kind,
      message,
      next,
    }: Pick<Finding, "severity" | "message" | "next"> & { readonly kind: string }): void {
      const style = severity === "damage" ? "red" : severity === "warning" ? "yellow" : "dim";
      output.line(output.style(style, `${severity}: ${kind}`));
      output.line(`  ${message}`);
      output.line(`  ${next}`);
    }
  },
};

/** Epochs of the original that the copy lacks, or has otherwise. What a seal names it holds the digests of. */
async function* differences(
  original: ObjectStore,
  { store: copy, instanceId, signal }: Call,
): AsyncGenerator<Difference, void, undefined> {
  await using reader = await ObjectStoreBackend.open({
    store: original,
    instanceId,
    readOnly: true,
    mustExist: true,
    signal,
  });
  for (const epoch of await reader.sealedEpochs({}, { signal })) {
    const key = `epoch=${epoch}/_COMMIT`;
    const [there, here] = [await original.get(key, { signal }), await copy.get(key, { signal })];
    // It was pruned meanwhile.
    if (there === undefined) continue;
    const about = {
      severity: "damage",
      key,
      epoch,
      next: "Copy it again; or find out which of the two is right",
    } as const;
    if (here === undefined)
      yield {
        ...about,
        kind: "copy-missing",
        message: `${original.name} has epoch ${epoch}, and the copy has not`,
      };
    else if (Buffer.compare(there, here) !== 0)
      yield {
        ...about,
        kind: "copy-differs",
        message: `the seal of epoch ${epoch} is another one in ${original.name}`,
      };
  }
}

interface Difference {
  readonly kind: "copy-missing" | "copy-differs";
  readonly severity: "damage";
  readonly key: string;
  readonly epoch: number;
  readonly message: string;
  readonly next: string;
}
