import type { FaultCase } from "./catalogue.ts";
import type { Service } from "./service.ts";

/** What one test saw. */
export interface Seen {
  readonly service: string;
  readonly fault: string;
  readonly column: string;
  readonly answer: string;
}

const names: Readonly<Record<Service["name"], string>> = {
  azure: "Azure Blob Storage",
  gcs: "Google Cloud Storage",
  s3: "S3",
};

/** The page that shows every fault and what came of it, from what the tests saw. */
export function pageOf(
  faults: readonly FaultCase[],
  services: readonly Service[],
  seen: readonly Seen[],
): string {
  const parts = [introduction];
  for (const { name } of services) {
    const cell = (fault: string, column: string): string =>
      seen.find((each) => each.service === name && each.fault === fault && each.column === column)?.answer ??
      "–";
    const rows = (columns: readonly string[]): string[][] =>
      faults.map(({ title }) => [title, ...columns.map((column) => cell(title, column))]);
    const operations = ["create", "get", "list", "delete"];
    const points = ["partial", "seal", "list", "read", "prune"];
    parts.push(`## ${names[name]}\n`);
    parts.push(`What the store answers:\n\n${table(["fault", ...operations], rows(operations))}`);
    parts.push(
      `What a checkpoint comes to, struck once / at every attempt:\n\n${table(
        ["fault", ...points],
        rows(points.map((point) => `checkpoint at its ${point}`)),
      )}`,
    );
  }
  return parts.join("\n");
}

const introduction = `# Faults on the connection

Written by \`internal/faults/test/faults.long.test.ts\`, and held equal to what it sees. A proxy stands between the store and its service and fails one kind of request. The first
table of each service shows what the store answers when its one attempt is struck. The second shows a whole checkpoint, of two epochs with three vnodes, of which
the second is struck where the column says: at a partial's create, at the create of \`_COMMIT\`, at the listings before it, at a restore's reads, at a prune's
deletes. The backend has three attempts a request.

After each the test looks into the bucket with nothing but the bucket: what was told "sealed" or \`sealed: yes\` is there with every byte, what was told \`sealed: no\` is not
and does not come later, and the epoch before is whole. "–" is a fault that cannot be: a read has no body on its way to the service, and
Cloud Storage's answer to a delete none on its way back.
`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return `${[line(head), rule, ...rows.map(line)].join("\n")}\n`;
}
