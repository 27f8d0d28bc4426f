import type { Answer } from "servers/proxy";
import type { Recorded } from "./recording.ts";

/** How the answers of a service are compared. */
export interface Reading {
  /** Headers that no client of ours looks at, by name or the start of it. */
  readonly ignoredHeaders: readonly string[];
  /** What differs with every answer, such as a date, by the path of the value; only that it is there is compared. */
  readonly passing: RegExp;
  readonly parse: (answer: Answer) => unknown;
}

/** What differs between two recordings of one saying, a line each. Names in `root` differ with every run. */
export function differences(
  double: readonly Recorded[],
  server: readonly Recorded[],
  root: string,
  reading: Reading,
): readonly string[] {
  return double.flatMap(({ answer: ours }, index) => {
    const at = double.length === 1 ? "" : `${index + 1}. `;
    const theirs = server[index]?.answer;
    // What else differs follows from it.
    if (ours.status !== theirs?.status) {
      return [`${at}status: the double says ${ours.status}, the server ${theirs?.status}`];
    }
    return compare(flat(ours, root, reading), flat(theirs, root, reading)).map((line) => at + line);
  });
}

function compare(ours: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): string[] {
  const show = (side: ReadonlyMap<string, string>, path: string): string => side.get(path) ?? "nothing";
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .toSorted()
    .filter((path) => ours.get(path) !== theirs.get(path))
    .map((path) => `${path}: the double says ${show(ours, path)}, the server ${show(theirs, path)}`);
}

function flat(answer: Answer, root: string, reading: Reading): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const put = (path: string, value: string): void => {
    values.set(path, reading.passing.test(path) ? "something" : value.replaceAll(root, "…/"));
  };
  const spread = (path: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) put(path, JSON.stringify(value));
    else for (const [name, field] of Object.entries(value)) spread(`${path}.${name}`, field);
  };
  const body = reading.parse(answer);
  spread("body", body);
  for (const [name, value] of answer.headers) {
    const header = name.toLowerCase();
    if (reading.ignoredHeaders.some((ignored) => header.startsWith(ignored))) continue;
    // Of a body that has been taken apart each part is compared, and the length is that of passing things too.
    put(header, header === "content-length" && typeof body === "object" ? "something" : value);
  }
  return values;
}
