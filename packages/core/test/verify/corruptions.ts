/** What may happen to an object in a bucket, and what `verify` calls it. */
import type { FindingKind } from "../../src/verify/index.ts";

export const corruptions = {
  deleted: () => undefined,
  emptied: () => new Uint8Array(),
  cut: (body: Uint8Array) => body.slice(0, -1),
  longer: (body: Uint8Array) => Uint8Array.from([...body.subarray(0, 100), 0, ...body.subarray(100)]),
  zeroed: (body: Uint8Array) => new Uint8Array(body.length),
  foreign: (body: Uint8Array) => new Uint8Array(body.length).fill(0x3c),
} as const satisfies Record<string, (body: Uint8Array) => Uint8Array | undefined>;

export type Corruption = keyof typeof corruptions | "swapped" | "renamed";

export const names: readonly Corruption[] = [
  ...(Object.keys(corruptions) as (keyof typeof corruptions)[]),
  "swapped",
  "renamed",
];

/** By the object's key: what its absence is called, another length, and other bytes of the same length. */
const expected: readonly (readonly [key: RegExp, absent: Expected, length: Expected, bytes: Expected])[] = [
  // Nothing reads them: they are there or not.
  [/_ANCHOR$/, "nothing", "nothing", "nothing"],
  // Leftovers of a void.
  [/^epoch=6\/vnode/, "nothing", "nothing", "nothing"],
  [/\.bin$/, "object-missing", "object-size", "object-bytes"],
  [/^_control\/namespace$/, "namespace-missing", "namespace-damaged", "namespace-damaged"],
  [/^_control\/fence=0*3$/, "fence-missing", "control-damaged", "control-damaged"],
  // The highest counts.
  [/^_control\/(fence=0*[12]|floor=0*3)$/, "nothing", "control-damaged", "control-damaged"],
  // Epochs are back that seals go on from.
  [/^_control\/floor=0*5$/, "base-mismatch", "control-damaged", "control-damaged"],
  [/^_control\/pin=/, "left-behind", "control-damaged", "control-damaged"],
  // A void or a seal that nothing is named of: it cannot be told from an epoch that was never sealed.
  [/^epoch=6\/_COMMIT$/, "nothing", "seal-damaged", "seal-damaged"],
  [/^epoch=8\/_COMMIT$/, "open", "seal-damaged", "seal-damaged"],
  // Below the floor it is as if it had been pruned, but for its pin.
  [/^epoch=3\/_COMMIT$/, "pin-on-nothing", "seal-damaged", "seal-damaged"],
  [/^epoch=[57]\/_COMMIT$/, "seal-missing", "seal-damaged", "seal-damaged"],
];

type Expected = FindingKind | "nothing";

export function expectedOf(key: string, corruption: Corruption): Expected {
  const row = expected.find(([pattern]) => pattern.test(key));
  if (row === undefined) throw new Error(`nothing is said of ${key}`);
  const [, absent, length, bytes] = row;
  if (corruption === "deleted" || corruption === "renamed") return absent;
  return corruption === "zeroed" || corruption === "foreign" || corruption === "swapped" ? bytes : length;
}
