import type { Recorded } from "./recording.ts";

/** How the answers of a service are compared. */
export interface Reading {
  /** What of an answer counts, as headers and parts of the body by their names. */
  readonly view: (recorded: Recorded, side: "double" | "server") => Readonly<Record<string, unknown>>;
  /** What differs with every answer, such as a date, by the path of the value: only that it is there is compared. */
  readonly passing: RegExp;
}

/** What differs between two recordings of one saying, a line each. Names in `root` differ with every run. */
export function differences(
  double: readonly Recorded[],
  server: readonly Recorded[],
  root: string,
  reading: Reading,
): readonly string[] {
  if (double.length !== server.length) {
    return [`requests: the double has ${double.length} of them, the server ${server.length}`];
  }
  return double.flatMap((ours, index) => {
    const at = double.length === 1 ? "" : `${index + 1}. `;
    const theirs = server[index];
    // What else differs follows from it.
    if (theirs === undefined || ours.answer.status !== theirs.answer.status) {
      return [`${at}status: the double says ${ours.answer.status}, the server ${theirs?.answer.status}`];
    }
    const lines = compare(
      flat(reading.view(ours, "double"), reading.passing),
      flat(reading.view(theirs, "server"), reading.passing),
    );
    return lines.map((line) => at + line.replaceAll(root, "…/"));
  });
}

function compare(ours: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): string[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .toSorted()
    .filter((path) => ours.get(path) !== theirs.get(path))
    .map(
      (path) =>
        `${path}: the double says ${ours.get(path) ?? "nothing"}, the server ${theirs.get(path) ?? "nothing"}`,
    );
}

function flat(view: Readonly<Record<string, unknown>>, passing: RegExp): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const spread = (path: string, value: unknown): void => {
    if (passing.test(path)) values.set(path, "something");
    else if (typeof value !== "object" || value === null) values.set(path, JSON.stringify(value));
    else for (const [name, part] of Object.entries(value)) spread(`${path}.${name}`, part);
  };
  for (const [name, value] of Object.entries(view)) spread(name, value);
  return values;
}

/** The headers by their names in lower case, without those whose name begins as one of these does. */
export function headersBut(
  { answer }: Recorded,
  ignored: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    answer.headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !ignored.some((start) => name.startsWith(start))),
  );
}

export function typeOf({ answer }: Recorded): string {
  const [, value = ""] = answer.headers.find(([name]) => name.toLowerCase() === "content-type") ?? [];
  return value;
}
