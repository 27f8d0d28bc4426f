import type { CertifiedRow, Failed, Ran } from "./certified-row.ts";

/** Where somebody has looked into why something fails: by the row's name, and in the words of the page. */
export type Remarks = Readonly<Record<string, string>>;

/** The page that shows what `state certify` said of each store. */
export function pageOf(rows: readonly CertifiedRow[], remarks: Remarks): string {
  const parts = [introduction, tableOf(rows, remarks)];
  const ran = rows.flatMap(({ name, ran: of }) => (of === undefined ? [] : [{ name, ran: of }]));
  parts.push("## Listings that are whole\n", whole, listOf(ran.map(listingLine)));
  const special = rows.filter(
    ({ name, ran: of, why }) =>
      (of?.failed.length ?? 0) > 0 || why !== undefined || remarks[name] !== undefined,
  );
  if (special.length > 0) parts.push("## What fails, what was not run, and what else is known\n");
  for (const row of special) parts.push(sectionOf(row, remarks[row.name]));
  const unreached = ran.filter(({ ran: { notReached } }) => notReached.length > 0);
  if (unreached.length > 0)
    parts.push(
      "## What was not reached\n",
      "These cases passed, and the store gave them no occasion to look at all that they are for:\n",
      listOf(unreached.map(({ name, ran: { notReached } }) => `${name}: ${notReached.join("; ")}`)),
    );
  return parts.join("\n");
}

const introduction = `# Which stores are certified

Written by \`npx -y pnpm@12 certify:all\`: \`state certify\`, as anybody runs it, on every server and
file system that can be had here. A row is one run: the store suite, and 60 seconds of races between
four processes. What it does not find it has not proved: a store that is certified may still be
wrong. Each server has its data in one folder or in memory, and shares two cores with the command and
with whatever else runs: these runs were made on a busy machine.
`;

const whole = `A store that declares \`wholeListings\` (L8 of the
[store contract](../store-contract.md)) is held to it. Of others it is said what was seen: _kept_
proves nothing, and _torn_ does no harm but this. A look at the newest fence or floor is wrong if more
than 16 floors are published, and the highest one that the page had named is deleted by one of those
prunes, while one page is returned.
`;

function tableOf(rows: readonly CertifiedRow[], remarks: Remarks): string {
  const heads = ["store", "version", "date", "verdict", "cases passed", "races passed"];
  const cells = rows.map(({ name, version, verdict, ran }) => [
    name,
    version,
    ran?.date ?? "-",
    verdictText(verdict, remarks[name] !== undefined),
    outcomesText(ran?.cases),
    outcomesText(ran?.races),
  ]);
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => "-".repeat(width));
  const padded = [heads, rule, ...cells].map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)),
  );
  return `${padded.map(lineOf).join("\n")}\n`;
}

function verdictText(verdict: CertifiedRow["verdict"], isSpecial: boolean): string {
  if (verdict === "not certified") return "**not certified**";
  return verdict === "certified" && isSpecial ? "certified, **but see below**" : verdict;
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function outcomesText(outcomes: Ran["cases"] | undefined): string {
  if (outcomes === undefined) return "-";
  const { passed, failed, skipped } = outcomes;
  return `${passed} of ${passed + failed}${skipped > 0 ? `, ${skipped} not run` : ""}`;
}

function listingLine({ name, ran }: { readonly name: string; readonly ran: Ran }): string {
  return `${name}: ${ran.wholeListings}`;
}

function sectionOf({ name, version, ran, why }: CertifiedRow, remark: string | undefined): string {
  const lines = [`### ${name} ${version}\n`];
  if (why !== undefined) lines.push(`Not run: ${why}.\n`);
  if (ran !== undefined && ran.failed.length > 0) lines.push(listOf(ran.failed.map(failedLine)));
  if (remark !== undefined) lines.push(`${remark}\n`);
  return lines.join("\n");
}

function failedLine({ id, title, seen }: Failed): string {
  return `\`${id}\`: ${title}. Seen: \`${seen.replaceAll("`", "'").slice(0, 200)}\``;
}

function listOf(lines: readonly string[]): string {
  return `${lines.map((line) => `- ${line}`).join("\n")}\n`;
}
