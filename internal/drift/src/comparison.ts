import type { Recorded } from "./recording.ts";

/** How the responses of a service are compared. */
export interface ComparisonRules {
  /** The parts of a response that count: headers and fields of the body by their names. */
  readonly view: (recorded: Recorded, side: "double" | "server") => Readonly<Record<string, unknown>>;
  /** The paths of values that differ with every response, such as dates: only their presence is compared. */
  readonly volatile: RegExp;
}

/** The differences between two recordings of one probe, a line each. `root` differs with every run. */
export function differences(
  double: readonly Recorded[],
  server: readonly Recorded[],
  root: string,
  rules: ComparisonRules,
): readonly string[] {
  if (double.length !== server.length) {
    return [`requests: the double has ${double.length} of them, the server ${server.length}`];
  }
  return double.flatMap((ours, index) => {
    const at = double.length === 1 ? "" : `${index + 1}. `;
    const theirs = server[index];
    // Where the status differs, so does the rest.
    if (theirs === undefined || ours.response.status !== theirs.response.status) {
      return [`${at}status: the double says ${ours.response.status}, the server ${theirs?.response.status}`];
    }
    const lines = compare(
      flat(rules.view(ours, "double"), rules.volatile),
      flat(rules.view(theirs, "server"), rules.volatile),
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

function flat(view: Readonly<Record<string, unknown>>, volatile: RegExp): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const spread = (path: string, value: unknown): void => {
    if (volatile.test(path)) values.set(path, "something");
    else if (typeof value !== "object" || value === null) values.set(path, JSON.stringify(value));
    else for (const [name, part] of Object.entries(value)) spread(`${path}.${name}`, part);
  };
  for (const [name, value] of Object.entries(view)) spread(name, value);
  return values;
}

/** The headers by their names in lower case, without those whose name begins with one of `ignored`. */
export function headersBut(
  { response }: Recorded,
  ignored: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    response.headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !ignored.some((start) => name.startsWith(start))),
  );
}

export function typeOf({ response }: Recorded): string {
  const [, value = ""] = response.headers.find(([name]) => name.toLowerCase() === "content-type") ?? [];
  return value;
}
