import type { Check } from "./checks.ts";
import { describeEnd, epochName } from "./descriptions.ts";
import type { Journal, Recovery } from "./journal.ts";
import { byteCount, grouped, seconds, share } from "./number-formats.ts";

/** The closing tables: recoveries, time and volumes, and whether everything is equal. */
export function summary(journal: Journal, checks: readonly Check[], milliseconds: number): string {
  const { recoveries, written, unchanged, pruned } = journal;
  const times = recoveries.map((recovery) => recovery.milliseconds);
  const sections = [
    ...(recoveries.length === 0 ? [] : [recoveryTable(recoveries)]),
    table([
      ["time", seconds(milliseconds)],
      ["epochs sealed", `${grouped(journal.epochs)} under ${journal.versions} versions`],
      [
        "recovery",
        times.length === 0
          ? "none"
          : `${seconds(median(times))} median, ${seconds(Math.max(...times))} longest`,
      ],
      ["partials written", `${grouped(written.partials)}, ${byteCount(written.bytes)}`],
      [
        "unchanged, not written",
        `${grouped(unchanged.partials)}, ${byteCount(unchanged.bytes)} saved (${share(unchanged.bytes, written.bytes + unchanged.bytes)})`,
      ],
      ["pruned", `${grouped(pruned.objects)} objects, ${byteCount(pruned.bytes)}`],
    ]),
    table([
      ["check", "compared", "result"],
      ...checks.map(({ name, compared, differences }) => [
        name,
        compared,
        differences.length === 0 ? "equal" : `${grouped(differences.length)} DIFFER`,
      ]),
    ]),
    ...checks
      .filter(({ differences }) => differences.length > 0)
      .map(({ name, differences }) => [`${name}:`, ...differences.slice(0, 10)].join("\n  ")),
  ];
  return sections.join("\n\n");
}

function recoveryTable(recoveries: readonly Recovery[]): string {
  return table([
    ["version", "went on from", "row", "after", "because of"],
    ...recoveries.map(({ version, base, nextRow, milliseconds, cause }) => [
      String(version),
      epochName(base),
      grouped(nextRow),
      seconds(milliseconds),
      describeEnd(cause),
    ]),
  ]);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
