import { ratioOf, type Row, type RowResult, type SideResult, spreadOf } from "./harness.ts";

/** The lines of a row: each figure's median, and its ratio of ours to the peer, with quartiles. */
export function tableOf(row: Row, result: RowResult, earlier: RowResult | undefined): string {
  const [ours] = result.sides;
  const columns = Object.entries(row.columns);
  const head = columns.map(([, title]) => title.padEnd(columnWidth)).join("");
  const lines = [row.title, `  ${"".padEnd(nameWidth)}${head}`.trimEnd()];
  for (const side of result.sides) {
    const text =
      side.skip === undefined
        ? columns.map(([figure]) => cellOf(figure, ours, side, earlier).padEnd(columnWidth)).join("")
        : `skipped: ${side.skip}`;
    lines.push(`  ${side.name.padEnd(nameWidth)}${text}`.trimEnd());
  }
  for (const note of row.notes?.() ?? []) lines.push(`  (${note})`);
  lines.push(`  (${loadOf(result)})`);
  return `${lines.join("\n")}\n`;
}

const nameWidth = 23;
const columnWidth = 28;

function cellOf(
  figure: string,
  ours: SideResult | undefined,
  side: SideResult,
  earlier: RowResult | undefined,
): string {
  const values = side.figures[figure];
  if (values === undefined) return "-".padStart(valueWidth);
  const value = numberOf(spreadOf(values).median).padStart(valueWidth);
  const base = ours?.figures[figure];
  if (side === ours || base === undefined) return value;
  const { median, lower, upper } = ratioOf(base, values);
  const was = earlierRatio(figure, side.name, earlier);
  const ratio = `${median.toFixed(2)} (${lower.toFixed(2)}-${upper.toFixed(2)})`;
  return `${value}  ${ratio}${was === undefined ? "" : ` was ${was.toFixed(2)}`}`;
}

const valueWidth = 8;

function earlierRatio(figure: string, name: string, earlier: RowResult | undefined): number | undefined {
  const ours = earlier?.sides[0]?.figures[figure];
  const peers = earlier?.sides.find((side) => side.name === name)?.figures[figure];
  return ours === undefined || peers === undefined ? undefined : ratioOf(ours, peers).median;
}

function numberOf(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function loadOf({ load, sides }: RowResult): string {
  const rounds = Object.values(sides[0]?.figures ?? {})[0]?.length ?? 0;
  const counted = rounds === 1 ? "1 round" : `${rounds} rounds`;
  if (load === undefined) return `${counted}; what else ran is not known without /proc`;
  const { others, cpus, average } = load;
  return `${counted}; others used ${others.toFixed(2)} of ${cpus} CPUs, load average ${average.toFixed(1)}`;
}
