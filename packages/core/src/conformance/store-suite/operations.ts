import type { ListedObject, ListOptions, ObjectStore } from "../../store.ts";
import { expect } from "./store-case.ts";

/** What a whole listing gave, its pages joined. */
export interface Listing {
  readonly objects: readonly ListedObject[];
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
}

export async function listAll(store: ObjectStore, prefix: string, options?: ListOptions): Promise<Listing> {
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  for await (const page of store.list(prefix, options)) {
    objects.push(...page.objects);
    prefixes.push(...page.prefixes);
  }
  return { objects, keys: objects.map(({ key }) => key), prefixes };
}

/** Runs `action` on every item, 32 at a time. */
export async function forEach<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await action(item);
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** Creates every key, with the body that `bodyOf` gives it; each must be `created`. */
export async function createAll(
  store: ObjectStore,
  keys: readonly string[],
  bodyOf: (key: string) => Uint8Array = utf8,
): Promise<void> {
  await forEach(keys, async (key) => {
    const response = await store.create(key, bodyOf(key));
    expect(
      response === "created",
      `create(${show(key)}), a key that was never created, returned ${show(response)}`,
      "two keys folded into one, or a fresh store that is not empty",
    );
  });
}

/** The keys beneath `prefix` must be these, in any order: the cases of `list` check the order. */
export async function expectKeys(
  store: ObjectStore,
  prefix: string,
  keys: readonly string[],
  usualCause: string,
): Promise<void> {
  const listing = await listAll(store, prefix);
  expectSame(listing.keys.toSorted(), keys.toSorted(), `the keys in list(${show(prefix)})`, usualCause);
}

/** Deletes the keys; none may fail. */
export async function deleteAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  // A copy: a store that empties the array would leave nothing for the cases that come later.
  const failures = await store.delete([...keys]);
  expect(
    Array.isArray(failures) && failures.length === 0,
    `delete of ${keys.length} keys returned ${show(failures)}, and not an empty list of failures`,
    "an absent key reported as a failure, or a failure of the service",
  );
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const period = 251 * 256;

/** `length` bytes that take every value and do not repeat with any power of two; no two mebibytes are equal. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  const start = Math.min(length, period);
  for (let index = 0; index < start; index += 1) bytes[index] = index + Math.trunc(index / 251) + seed;
  // Doubled, and not byte by byte: 64 MiB would take a second.
  for (let filled = period; filled < length; filled *= 2) {
    bytes.copyWithin(filled, 0, Math.min(filled, length - filled));
  }
  for (let index = 2 ** 20; index < length; index += 2 ** 20) bytes[index] = index / 2 ** 20;
  return bytes;
}

/** Resolves in the next iteration of the event loop, when everything else that is due has run. */
export function nextIteration(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

/** How `actual` differs from `expected`, or `undefined`. */
export function difference(actual: Uint8Array | undefined, expected: Uint8Array): string | undefined {
  if (actual === undefined) return `nothing, instead of ${expected.length} bytes`;
  if (!ArrayBuffer.isView(actual)) return `${show(actual)}, which is no Uint8Array`;
  if (actual.length !== expected.length) return `${actual.length} bytes, instead of ${expected.length}`;
  if (Buffer.compare(actual, expected) === 0) return undefined;
  const index = actual.findIndex((byte, at) => byte !== expected[at]);
  return `${expected.length} bytes, of which byte ${index} is ${actual[index]} and not ${expected[index]}`;
}

export async function expectBody(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  usualCause: string,
): Promise<void> {
  const fault = difference(await store.get(key), body);
  expect(fault === undefined, `get(${show(key)}) gave ${fault}`, usualCause);
}

export async function expectExists(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  usualCause: string,
): Promise<void> {
  const response = await store.create(key, body);
  expect(
    response === "exists",
    `create(${show(key)}), a key that is there, returned ${show(response)}`,
    usualCause,
  );
}

export async function expectAbsent(store: ObjectStore, key: string, usualCause: string): Promise<void> {
  const body = await store.get(key);
  expect(body === undefined, `get(${show(key)}) gave ${show(body?.length)} bytes, not undefined`, usualCause);
}

export async function expectListing(
  store: ObjectStore,
  prefix: string,
  keys: readonly string[],
  prefixes: readonly string[],
  usualCause: string,
): Promise<Listing> {
  const listing = await listAll(store, prefix);
  expectSame(listing.keys, keys, `the keys in list(${show(prefix)})`, usualCause);
  expectSame(listing.prefixes, prefixes, `the prefixes in list(${show(prefix)})`, usualCause);
  return listing;
}

/** The two lists must be equal; says what is missing, what is there twice, and what is out of order. */
export function expectSame(
  actual: readonly string[],
  expected: readonly string[],
  what: string,
  usualCause: string,
): void {
  const seen = new Set(actual);
  const wanted = new Set(expected);
  const missing = expected.filter((name) => !seen.has(name));
  expect(missing.length === 0, `${what}: ${missing.length} missing: ${show(missing)}`, usualCause);
  const unasked = actual.filter((name) => !wanted.has(name));
  expect(
    unasked.length === 0,
    `${what}: ${unasked.length} that should not be there: ${show(unasked)}`,
    usualCause,
  );
  expect(actual.length === seen.size, `${what}: ${actual.length - seen.size} more than once`, usualCause);
  expectOrder(actual, what);
}

/** The names must rise in byte order, which for ASCII is JavaScript's `<`. */
export function expectOrder(names: readonly string[], what: string): void {
  const index = names.findIndex((name, at) => at > 0 && !((names[at - 1] ?? "") < name));
  expect(
    index < 0,
    `${what}: ${show(names[index - 1])} comes before ${show(names[index])}`,
    "an order by locale, by number, by time or by directory, or pages that are each sorted alone",
  );
}

export type Outcome =
  | { readonly rejected: false; readonly value: unknown }
  | { readonly rejected: true; readonly reason: unknown };

/** What came of the call, with a rejection's reason itself, to be compared by identity. A throw counts as a rejection. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  const [result] = await Promise.allSettled([(async (): Promise<unknown> => call())()]);
  return result.status === "fulfilled"
    ? { rejected: false, value: result.value }
    : { rejected: true, reason: result.reason };
}

/** An error says what it is: as JSON it would be `{}`. */
export function showOutcome(result: Outcome): string {
  return result.rejected ? `the rejection ${String(result.reason)}` : show(result.value);
}

/** The keys, without those of which a segment differs only in case from that of an earlier one. */
export function withoutOtherCase(keys: readonly string[]): readonly string[] {
  const spelled = new Map<string, string>();
  return keys.filter((key) => {
    const segments = key.split("/");
    const paths = segments.map((_, index) => segments.slice(0, index + 1).join("/"));
    if (paths.some((path) => (spelled.get(path.toLowerCase()) ?? path) !== path)) return false;
    for (const path of paths) spelled.set(path.toLowerCase(), path);
    return true;
  });
}
