import { describe, expect, test } from "vitest";
import { nextTurn } from "../src/adapter/turn.ts";
import { Copies } from "../src/copies.ts";
import { type Codec, type CreateOptions, ObjectStoreBackend } from "../src/index.ts";
import { MapStore } from "./support/map-store.ts";

const kibibyte = 1_024;
const mebibyte = 2 ** 20;

function filled(length: number, value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(value);
}

/** Whether it is in the other's memory. A failure that shows the arrays takes a minute. */
function isIn(copy: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return copy?.buffer === other?.buffer;
}

describe("the memory of a copy", () => {
  test("is used again for bytes that need at least half of it", () => {
    const copies = new Copies();
    copies.of(filled(1, 0));
    const first = copies.of(filled(64 * kibibyte, 1));
    copies.end(first, true);
    const shorter = copies.of(filled(32 * kibibyte, 2));
    expect(isIn(shorter, first)).toBe(true);
    expect(shorter).toEqual(filled(32 * kibibyte, 2));
    copies.end(shorter, true);
    expect(isIn(copies.of(filled(32 * kibibyte - 1, 3)), first)).toBe(false);
    expect(isIn(copies.of(filled(64 * kibibyte + 1, 4)), first)).toBe(false);
    const last = copies.of(filled(64 * kibibyte, 5));
    expect(isIn(last, first)).toBe(true);
    expect(last).toEqual(filled(64 * kibibyte, 5));
    expect(isIn(copies.of(filled(64 * kibibyte, 6)), first)).toBe(false);
  });

  test("is not used again while something may be at work on it", () => {
    const copies = new Copies();
    copies.of(filled(1, 0));
    const first = copies.of(filled(64 * kibibyte, 1));
    copies.end(first, false);
    expect(isIn(copies.of(filled(64 * kibibyte, 2)), first)).toBe(false);
  });

  test.each([
    ["little", 4 * kibibyte - 1, false],
    ["enough", 4 * kibibyte, true],
    ["much", mebibyte, true],
    ["too much", mebibyte + 1, false],
  ])("is kept if it is not %s", (_what, length, isKept) => {
    const copies = new Copies();
    copies.of(filled(1, 0));
    const first = copies.of(filled(length, 1));
    copies.end(first, true);
    expect(copies.of(filled(length, 2)).buffer === first.buffer).toBe(isKept);
  });

  test("that was never made counts for nothing", async () => {
    const copies = new Copies();
    const detached = filled(64 * kibibyte, 1);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => copies.of(detached)).toThrow(TypeError);
    const first = copies.of(filled(64 * kibibyte, 1));
    copies.end(first, true);
    await nextTurn();
    expect(isIn(copies.of(filled(64 * kibibyte, 2)), first)).toBe(false);
  });

  test("is kept of 128 copies, and dropped of those that were used first", () => {
    const copies = new Copies();
    copies.of(filled(1, 0));
    const all = Array.from({ length: 130 }, () => copies.of(filled(4 * kibibyte, 1)));
    for (const copy of all) copies.end(copy, true);
    const again = Array.from({ length: 130 }, () => copies.of(filled(4 * kibibyte, 2)));
    const kept = new Set(again.map(({ buffer }) => buffer));
    expect(all.filter(({ buffer }) => kept.has(buffer))).toHaveLength(128);
    expect([all[0], all[1], all[2]].map((copy) => copy !== undefined && kept.has(copy.buffer))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("is kept up to 8 MiB in all", () => {
    const copies = new Copies();
    copies.of(filled(1, 0));
    const all = Array.from({ length: 10 }, (_, number) => copies.of(filled(mebibyte, number)));
    for (const copy of all) copies.end(copy, true);
    const again = Array.from({ length: 10 }, (_, number) => copies.of(filled(mebibyte, number)));
    const buffers = new Set(all.map(({ buffer }) => buffer));
    expect(again.filter(({ buffer }) => buffers.has(buffer))).toHaveLength(8);
    for (const copy of again) copies.end(copy, true);
    const third = Array.from({ length: 10 }, (_, number) => copies.of(filled(mebibyte, number)));
    expect(new Set([...again, ...third].map(({ buffer }) => buffer)).size).toBe(12);
  });

  test("is dropped a turn after the last write, unless another has begun", async () => {
    const copies = new Copies();
    const first = copies.of(filled(64 * kibibyte, 0));
    const second = copies.of(filled(64 * kibibyte, 1));
    copies.end(first, true);
    copies.end(second, true);
    const third = copies.of(filled(64 * kibibyte, 2));
    expect(isIn(third, second)).toBe(true);
    await nextTurn();
    const fourth = copies.of(filled(64 * kibibyte, 3));
    expect(isIn(fourth, first)).toBe(true);
    copies.end(fourth, true);
    copies.end(third, true);
    await nextTurn();
    const fifth = copies.of(filled(64 * kibibyte, 4));
    expect([isIn(fifth, first), isIn(fifth, second)]).toEqual([false, false]);
    // Nothing is counted twice: all 8 MiB are there for others.
    const many = Array.from({ length: 8 }, () => copies.of(filled(mebibyte, 5)));
    for (const copy of many) copies.end(copy, true);
    const again = Array.from({ length: 8 }, () => copies.of(filled(mebibyte, 6)));
    expect(new Set([...many, ...again].map(({ buffer }) => buffer)).size).toBe(8);
  });
});

/** Holds on to each body that it is given, as a request that still runs does. */
class HoldingStore extends MapStore {
  readonly bodies: Uint8Array[] = [];
  /** How many creates never return, and do nothing. */
  deaf = 0;
  /** How many creates after those say of nothing that it exists. */
  mistaken = 0;

  override async create(
    key: string,
    body: Uint8Array,
    options?: CreateOptions,
  ): Promise<"created" | "exists"> {
    if (key.includes("vnode=")) {
      this.bodies.push(body);
      if (this.deaf-- > 0) return new Promise(() => undefined);
      if (this.mistaken-- > 0) return "exists";
    }
    return super.create(key, body, options);
  }
}

async function writerOn(
  store: HoldingStore,
  codecs: readonly Codec[] = [],
): Promise<(vnode: number, value: number) => Promise<unknown>> {
  const retry = { attempts: 2, baseDelayMs: 0, attemptTimeoutMs: 20 };
  const backend = await ObjectStoreBackend.open({ store, instanceId: "a", vnodeCapacity: 8, codecs, retry });
  const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  return (vnode, value) =>
    backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes: filled(64 * kibibyte, value) });
}

describe("a body that a write has sent", () => {
  test("is written over by the next write, once the store has returned", async () => {
    const store = new HoldingStore();
    const write = await writerOn(store);
    await Promise.all([write(0, 1), write(1, 2)]);
    await write(2, 3);
    const [first, second, third] = store.bodies;
    expect([isIn(third, first), isIn(third, second)]).toContain(true);
  });

  test("stays as it is if an attempt before may still send it", async () => {
    const store = new HoldingStore();
    const write = await writerOn(store);
    store.deaf = 1;
    await Promise.all([write(0, 1), write(1, 2)]);
    for (const vnode of [2, 3, 4, 5]) await write(vnode, 9);
    const deaf = store.bodies.find((body) => body[0] === 1);
    expect(store.bodies.filter(({ buffer }) => buffer === deaf?.buffer)).toHaveLength(2);
    expect(deaf?.every((byte) => byte === 1)).toBe(true);
  });

  test("stays as it is if such an attempt came before one that found it gone", async () => {
    const store = new HoldingStore();
    const write = await writerOn(store);
    store.deaf = 1;
    store.mistaken = 1;
    await write(0, 1);
    expect(store.bodies).toHaveLength(3);
    await Promise.all([write(1, 2), write(2, 3)]);
    expect(store.bodies[0]?.every((byte) => byte === 1)).toBe(true);
  });

  test("stays as it is if the write failed, and the store may still send it", async () => {
    const store = new HoldingStore();
    const write = await writerOn(store);
    store.deaf = 4;
    const failed = await Promise.allSettled([write(0, 1), write(1, 2)]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await Promise.all([write(2, 9), write(3, 9)]);
    const ofEach = [1, 2, 9].map((value) => store.bodies.filter(([byte]) => byte === value).length);
    expect(ofEach).toEqual([2, 2, 2]);
  });

  test("stays as it is if the same bytes were there", async () => {
    const store = new HoldingStore();
    const write = await writerOn(store);
    await write(0, 1);
    await nextTurn();
    await write(0, 1);
    await Promise.all([write(1, 9), write(2, 9)]);
    expect(store.bodies.filter((body) => body[0] === 1)).toHaveLength(2);
  });

  test("stays as it is if other bytes were there", async () => {
    const store = new HoldingStore();
    const write = await writerOn(store);
    await write(0, 1);
    await nextTurn();
    await Promise.all([write(0, 2), write(1, 3)]);
    for (const vnode of [2, 3, 4, 5]) await write(vnode, 9);
    expect(store.bodies.filter((body) => body[0] === 2)).toHaveLength(2);
  });

  test("stays as it is if a codec has seen it", async () => {
    const held: Uint8Array[] = [];
    const holding: Codec = {
      id: "holding",
      encode: async (bytes) => {
        held.push(bytes);
        return bytes.map((byte) => byte ^ 0xff);
      },
      decode: async (bytes) => bytes.map((byte) => byte ^ 0xff),
    };
    const write = await writerOn(new HoldingStore(), [holding]);
    await Promise.all([write(0, 1), write(1, 2)]);
    await Promise.all([write(2, 3), write(3, 4)]);
    expect(held.map(([byte]) => byte)).toEqual([1, 2, 3, 4]);
  });
});
