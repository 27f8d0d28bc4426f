import { expect } from "vitest";
import { vnodeCapacity } from "../../src/conformance/backend-suite/world.ts";

/** What a test passes in place of an argument: anything, whatever the types say. */
export type Anything = never;

/** A bad value, as a message shows it, and what refuses it. */
export interface Bad {
  readonly shown: string;
  readonly value: unknown;
  readonly error: typeof TypeError | typeof RangeError;
}

export const range = (shown: string, value: unknown): Bad => ({ shown, value, error: RangeError });

export const type = (shown: string, value: unknown): Bad => ({ shown, value, error: TypeError });

export const noObjects = [type("5", 5), type('"x"', "x"), type("null", null), type("7n", 7n)];

export const noNumbers = [
  type('"5"', "5"),
  type('""', ""),
  type("null", null),
  type("5n", 5n),
  type("true", true),
  type("[object Object]", {}),
  type("[object Array]", [5]),
];

export const noIntegers = [
  range("NaN", Number.NaN),
  range("Infinity", Number.POSITIVE_INFINITY),
  range("-1", -1),
  range("1.5", 1.5),
  range("9007199254740992", 2 ** 53),
  ...noNumbers,
];

export const noVersions = [
  range("4503599627370497", 2 ** 52 + 1),
  range("9007199254740991", Number.MAX_SAFE_INTEGER),
  ...noIntegers,
];

export const missing = type("undefined", undefined);

export const noVnodes = [range(String(vnodeCapacity), vnodeCapacity), ...noIntegers];

export const noBytes = [
  missing,
  type("null", null),
  type('"bytes"', "bytes"),
  type("5", 5),
  type("[object ArrayBuffer]", new ArrayBuffer(4)),
  type("[object DataView]", new DataView(new ArrayBuffer(4))),
  type("[object Uint16Array]", new Uint16Array(4)),
  type("[object Uint8ClampedArray]", new Uint8ClampedArray(4)),
  type("[object Array]", [1, 2]),
  range("2147483648", hugeBytes()),
];

export const noNames = [
  missing,
  type("null", null),
  type("5", 5),
  type("[object Object]", {}),
  range('""', ""),
  range('"a/b"', "a/b"),
  range('"/"', "/"),
  range('"."', "."),
  range('".."', ".."),
  range('"../x"', "../x"),
  range('".staging-x"', ".staging-x"),
  range('"two words"', "two words"),
  range('" "', " "),
  range('"name\\n"', "name\n"),
  range('"ü"', "ü"),
  range('"a\\\\b"', "a\\b"),
  range('"a%2Fb"', "a%2Fb"),
  range("xxx…", "x".repeat(201)),
  range("xxx…", "x".repeat(300)),
];

export const noSignals = [
  type("null", null),
  type('"abort"', "abort"),
  type("5", 5),
  type("true", true),
  type("[object Object]", {}),
  type("[object Object]", { aborted: false }),
  type("[object AbortController]", new AbortController()),
  type("[object EventTarget]", new EventTarget()),
];

export const noBooleans = [
  type('"yes"', "yes"),
  type("1", 1),
  type("null", null),
  type("[object Object]", {}),
];

export const noFunctions = [
  type('"log"', "log"),
  type("1", 1),
  type("null", null),
  type("[object Object]", {}),
];

/** No milliseconds: a timer cannot be set for 2^31 of them. */
export function noAmounts(): Bad[] {
  return [
    range("2147483648", 2 ** 31),
    range("NaN", Number.NaN),
    range("Infinity", Number.POSITIVE_INFINITY),
    range("-1", -1),
    ...noNumbers,
  ];
}

export function withEachBadValue<A extends { readonly bad: readonly Bad[] }>(argument: A): (A & Bad)[] {
  return argument.bad.map((each) => ({ ...argument, ...each }));
}

export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : `no Error: ${String(reason)}`;
}

/** The message begins with the argument's name and shows the value; a long one is cut. */
export function expectNamed(
  reason: unknown,
  { argument, shown, error }: { readonly argument: string } & Omit<Bad, "value">,
): void {
  expect(reason, messageOf(reason)).toBeInstanceOf(error);
  expect(messageOf(reason).startsWith(`${argument} must be `), messageOf(reason)).toBe(true);
  const value = shown.endsWith("…") ? `not "${shown.slice(0, -1)}` : `not ${shown}`;
  expect(messageOf(reason)).toContain(value);
  expect(messageOf(reason).length).toBeLessThan(300);
}

/** A Uint8Array that says that it has 2^31 bytes. */
function hugeBytes(): Uint8Array {
  return Object.defineProperty(new Uint8Array(1), "byteLength", { value: 2 ** 31 });
}
