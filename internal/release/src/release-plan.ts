import { getReleasePlan } from "@changesets/get-release-plan";

interface PlannedRelease {
  readonly name: string;
  readonly type: string;
  readonly oldVersion: string | undefined;
  readonly newVersion: string | undefined;
  readonly changesets: readonly string[];
}

function reason({ type, changesets }: PlannedRelease): string {
  if (changesets.length === 0) return `${type}: a range that it asks of another package is raised`;
  return `${type}: ${changesets.map((id) => `.changeset/${id}.md`).join(", ")}`;
}

/** A table of the packages that the changesets in `root` would release, or a sentence that there are none. */
export async function releaseTable(root: string): Promise<string> {
  const { releases } = await getReleasePlan(root);
  const rows = releases
    .filter(({ type }) => type !== "none")
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((release) => [release.name, release.oldVersion ?? "", release.newVersion ?? "", reason(release)]);
  if (rows.length === 0) return "Nothing would be released: no changeset asks for a release.\n";

  const table = [["package", "now", "next", "why"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  return `${lines.join("\n")}\n`;
}

if (import.meta.main) process.stdout.write(await releaseTable(process.cwd()));
