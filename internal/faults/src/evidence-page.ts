import { points } from "./checkpoint.ts";
import type { FaultCase } from "./fault-cases.ts";
import type { Service } from "./service.ts";

/** A cell of the page: what one test saw. */
export interface Seen {
  readonly service: string;
  readonly fault: string;
  readonly column: string;
  readonly outcome: string;
}

const names: Readonly<Record<Service["name"], string>> = {
  azure: "Azure Blob Storage",
  gcs: "Google Cloud Storage",
  s3: "S3",
};

/** The page that shows the outcome of every fault, from what the tests saw. */
export function pageOf(
  faults: readonly FaultCase[],
  services: readonly Service[],
  seen: readonly Seen[],
): string {
  const parts = [introduction];
  for (const { name } of services) {
    const cell = (fault: string, column: string): string =>
      seen.find((each) => each.service === name && each.fault === fault && each.column === column)?.outcome ??
      "–";
    const rows = (columns: readonly string[]): string[][] =>
      faults.map(({ title }) => [title, ...columns.map((column) => cell(title, column))]);
    const operations = ["create", "get", "list", "delete"];
    parts.push(`## ${names[name]}\n`);
    parts.push(`What the store returns:\n\n${table(["fault", ...operations], rows(operations))}`);
    parts.push(
      `What a checkpoint comes to, with the fault once / at every attempt:\n\n${table(
        ["fault", ...points],
        rows(points.map((point) => `checkpoint at its ${point}`)),
      )}`,
    );
  }
  return parts.join("\n");
}

const introduction = `# Faults on the connection

Written by \`internal/faults/test/faults.long.test.ts\`, and held equal to what it sees. A proxy stands
between the store and its service and injects one fault into one kind of request.

The first table of each service shows what the store returns when its one attempt meets the fault.
The second shows a whole checkpoint of two epochs with four vnodes, one of which is a stream of three
chunks; the first of them is used again in the second epoch. The backend has three attempts a
request. The second epoch meets the fault at the point that the column names:

- partial: the create of a partial
- chunk: the creates of chunks
- seal: the create of \`_COMMIT\`
- list: the listings before that create
- read: the reads of a restore
- stream: the reads of a restore chunk by chunk
- prune: the deletes of a prune

After each checkpoint the test reads the bucket with a new store. An epoch that was reported as
"sealed" or with \`sealed: yes\` is there with every byte. An epoch that was reported with
\`sealed: no\` is not there and does not come later. The epoch before it is whole.
What a restore by stream gave out before an error is what was written.

"–" is a fault that cannot happen: a read sends no body, and Cloud Storage's response to a delete
has none.
`;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return `${[line(head), rule, ...rows.map(line)].join("\n")}\n`;
}
