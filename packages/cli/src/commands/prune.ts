import type { ObjectStoreBackend, PruneArguments, PruneReport } from "@state/core";
import { writingOptions } from "../arguments.ts";
import type { Command, Options } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, count } from "../output.ts";
import { openWriter, sealUnlessPruned } from "../reading.ts";
import { UsageError } from "../usage-error.ts";

export const prune: Command = {
  name: "prune",
  operands: [],
  summary: "deletes old epochs; what stays is readable in full",
  about:
    "The newest sealed epoch always stays, and so does what is pinned, and every object that a seal which stays names. It runs beside the job, and touches nothing above the newest seal.",
  options: {
    keep: { type: "string", value: "N", help: "the newest N sealed epochs stay" },
    before: { type: "string", value: "EPOCH", help: "what is below this epoch goes" },
    "older-than": {
      type: "string",
      value: "AGE",
      help: "what was sealed longer ago goes: 90s, 30m, 12h, 7d",
    },
    "dry-run": { type: "boolean", help: "print what would go, and delete nothing" },
    ...writingOptions,
  },
  examples: ["prune fs:./checkpoints --keep 10 --dry-run", "prune s3://bucket/job --older-than 7d --yes"],
  async run(call) {
    const { output, options, signal, confirm } = call;
    await using backend = await openWriter(call);
    const extent = await extentOf(options, backend, signal);
    const asOperator = true;
    const plan = await backend.prune(extent, { asOperator, dryRun: true, signal });
    if (options.flag("dry-run")) {
      output.json({ dryRun: true, ...plan });
      output.line(`would delete ${whatOf(plan)}; the floor would be ${plan.floor}`);
      return exitCodes.sound;
    }
    const will = `${whatOf(plan)} will be deleted; epochs below ${plan.floor} are gone then.`;
    await confirm({ will, type: String(plan.floor) });
    const report = await backend.prune(extent, { asOperator, signal });
    output.json({ dryRun: false, ...report });
    output.line(`deleted ${whatOf(report)}; the floor is ${report.floor}`);
    for (const { key, error } of report.failed) output.line(output.style("red", `${key}: ${error.message}`));
    if (report.failedCount === 0) return exitCodes.sound;
    output.line(`${count(report.failedCount, "delete")} failed: the next prune finds what is left`);
    return exitCodes.unreachable;
  },
};

function whatOf({ epochs, objects, bytes }: PruneReport): string {
  return `${count(objects, "object")} of ${count(epochs, "epoch")}, ${bytesText(bytes)}`;
}

async function extentOf(
  options: Options,
  backend: ObjectStoreBackend,
  signal: AbortSignal,
): Promise<PruneArguments> {
  const [keep, before, age] = [
    options.integer("keep", 1),
    options.integer("before"),
    options.text("older-than"),
  ];
  if ([keep, before, age].filter((given) => given !== undefined).length !== 1)
    throw new UsageError("prune needs one of --keep, --before and --older-than");
  if (keep !== undefined) return { keep };
  return {
    before: before ?? (await firstYoungerThan(backend, Date.now() - millisecondsOf(age ?? ""), signal)),
  };
}

/** The lowest sealed epoch that is not older, so that all below it may go; the newest one, if all are. */
async function firstYoungerThan(
  backend: ObjectStoreBackend,
  since: number,
  signal: AbortSignal,
): Promise<number> {
  const epochs = await backend.sealedEpochs({}, { signal });
  // Sealed in the order of their numbers: the first that is young enough is found by halving.
  let [low, high] = [0, Math.max(0, epochs.length - 1)];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = (await sealUnlessPruned(backend, epochs[middle] ?? 0, signal))?.at;
    // LaminarDB's seals have no time, and are older than all of ours; what is pruned meanwhile is older too.
    if (at === undefined || at < since) low = middle + 1;
    else high = middle;
  }
  return epochs[low] ?? 0;
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function millisecondsOf(text: string): number {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError("--older-than must be a number and s, m, h or d: 7d");
  return Number(number) * unitMs[unit as keyof typeof unitMs];
}
