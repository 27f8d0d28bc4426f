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

/** What differs between two recordings of one saying, a line each. */
export function differences(
  double: readonly Recorded[],
  server: readonly Recorded[],
  reading: Reading,
): readonly string[] {
  const [ours, theirs] = [flat(double, reading), flat(server, reading)];
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted();
  const show = (side: ReadonlyMap<string, string>, path: string): string => side.get(path) ?? "nothing";
  return paths
    .filter((path) => ours.get(path) !== theirs.get(path))
    .map((path) => `${path}: the double says ${show(ours, path)}, the server ${show(theirs, path)}`);
}

function flat(recorded: readonly Recorded[], reading: Reading): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [index, { answer }] of recorded.entries()) {
    const at = recorded.length === 1 ? "" : `${index + 1}. `;
    values.set(`${at}status`, String(answer.status));
    for (const [name, value] of answer.headers) {
      const header = name.toLowerCase();
      if (reading.ignoredHeaders.some((ignored) => header.startsWith(ignored))) continue;
      put(values, `${at}${header}`, value, reading);
    }
    spread(values, `${at}body`, reading.parse(answer), reading);
  }
  return values;
}

function spread(values: Map<string, string>, path: string, value: unknown, reading: Reading): void {
  if (typeof value !== "object" || value === null) {
    put(values, path, JSON.stringify(value), reading);
    return;
  }
  for (const [name, field] of Object.entries(value)) spread(values, `${path}.${name}`, field, reading);
}

function put(values: Map<string, string>, path: string, value: string, { passing }: Reading): void {
  values.set(path, passing.test(path) ? "something" : value);
}
