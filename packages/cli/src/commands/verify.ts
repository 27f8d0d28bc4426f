import { type Finding, type Severity, verify as findings, type VerifyProgress } from "@state/core/verify";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, count } from "../output.ts";
import { openReader } from "../reading.ts";

export const verify: Command = {
  name: "verify",
  operands: [],
  summary: "looks at every object from the seals down, and names what is wrong",
  about:
    "Without --deep it compares sizes, by listings alone; with it every object is read and its SHA-256 compared. It writes nothing and runs beside the job. A finding is damage if a restore, a takeover or a prune fails or would give wrong bytes; a warning if something is not as it was written and nothing fails yet; a notice if a running job, a crash or a prune left it behind. Notices alone are sound.",
  options: {
    deep: { type: "boolean", help: "read every object" },
    from: { type: "string", value: "EPOCH", help: "go on where a run was interrupted" },
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
    // If there is nothing at all, then the path is mistyped. What is damaged is the finding.
    if (await isEmpty(call)) await openReader(call);
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

    function show({ severity, kind, message, next }: Finding): void {
      const style = severity === "damage" ? "red" : severity === "warning" ? "yellow" : "dim";
      output.line(output.style(style, `${severity}: ${kind}`));
      output.line(`  ${message}`);
      output.line(`  ${next}`);
    }
  },
};

async function isEmpty({ store, signal }: Parameters<Command["run"]>[0]): Promise<boolean> {
  for await (const { objects, prefixes } of store.list("", { delimiter: "/", signal }))
    if (objects.length + prefixes.length > 0) return false;
  return true;
}

function lookedAt({ sealed, objects, bytes }: VerifyProgress): string {
  return `${count(sealed, "sealed epoch")}, ${count(objects, "object")}, ${bytesText(bytes)}`;
}
