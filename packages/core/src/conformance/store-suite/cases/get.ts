import { expect, long, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  difference,
  expectAbsent,
  expectBody,
  forEach,
  pattern,
  show,
  utf8,
} from "../operations.ts";

export const getCases: readonly StoreCase[] = [
  {
    id: "get.absent",
    title: "a key that was never created is undefined",
    family: "get",
    must: "G1",
    timeoutMs: short,
    async run({ store }) {
      const cause = "the service's response for an absent object taken for an error, or for a body";
      await expectAbsent(store, "nothing", cause);
      await expectAbsent(store, "no/such/folder/nothing", cause);
    },
  },
  {
    id: "get.absent-nearby",
    title: "an absent key is undefined inside a folder, as a folder, beneath a key, and next to longer keys",
    family: "get",
    must: "G1",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["epoch=10/vnode=1/partial.bin", "epoch=10/_COMMIT"]);
      const cause = "the key matched as a prefix, or a directory read as a body";
      for (const key of [
        "epoch=10/vnode=1/partial",
        "epoch=10/vnode=1/partial.bin.bin",
        "epoch=10/vnode=1",
        "epoch=10",
        "epoch=1",
        "epoch=10/_COMMIT/beneath",
        "epoch=10/_COMMI",
      ]) {
        await expectAbsent(store, key, cause);
      }
    },
  },
  {
    id: "get.bytes",
    title: "all 256 values, line ends, broken UTF-8 and zeros at the end survive",
    family: "get",
    must: "G2",
    timeoutMs: short,
    async run({ store }) {
      const bodies = new Map([
        ["bytes/all", Uint8Array.from({ length: 256 }, (_, value) => value)],
        ["bytes/line-ends", utf8("\uFEFFa\r\nb\nc\r\0")],
        ["bytes/not-utf8", Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80)],
        ["bytes/zeros", Uint8Array.of(1, 0, 0, 0, 0)],
        ["bytes/gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)],
      ]);
      for (const [key, body] of bodies) {
        await createAll(store, [key], () => body);
        await expectBody(store, key, body, "a body passed through a string, trimmed or unpacked");
      }
    },
  },
  {
    id: "get.lengths",
    title: "bodies of the lengths around common buffers' sizes come back whole",
    family: "get",
    must: "G2",
    timeoutMs: long,
    async run({ store }) {
      const powers = [1, 2 ** 12, 2 ** 14, 2 ** 16, 2 ** 18, 2 ** 20];
      const lengths = powers.flatMap((power) => [power - 1, power, power + 1]);
      await forEach(lengths, async (length) => {
        const body = pattern(length);
        await createAll(store, [`length=${length}/body.bin`], () => body);
        await expectBody(store, `length=${length}/body.bin`, body, "a body cut at a buffer's size");
      });
    },
  },
  {
    id: "get.own",
    title: "what a caller does to the bytes that it got changes nothing",
    family: "get",
    must: "G3",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/body"], () => pattern(500));
      const first = await store.get("a/body");
      const second = await store.get("a/body");
      first?.fill(0);
      const fault = difference(second, pattern(500));
      const cause = "the store's own buffer handed out, or one buffer shared between calls";
      expect(fault === undefined, `the bytes of another get became ${fault}`, cause);
      await expectBody(store, "a/body", pattern(500), cause);
    },
  },
  {
    id: "get.concurrent",
    title: "50 reads at once give each caller its own body",
    family: "get",
    must: "G3",
    timeoutMs: short,
    async run({ store }) {
      const numbers = Array.from({ length: 50 }, (_, number) => number);
      await forEach(numbers, (number) => createAll(store, [`a/${number}`], () => pattern(2_000, number)));
      const bodies = await Promise.all(numbers.map((number) => store.get(`a/${number}`)));
      for (const number of numbers) {
        const fault = difference(bodies[number], pattern(2_000, number));
        expect(
          fault === undefined,
          `get("a/${number}") among others gave ${fault}`,
          "a shared scratch buffer",
        );
      }
    },
  },
  {
    id: "get.plain",
    title: "bodies, short and long, are plain Uint8Arrays, and no Buffers",
    family: "get",
    must: "G5",
    timeoutMs: short,
    async run({ store }) {
      await forEach([2, 5_000, 100_000, 2 ** 20], async (length) => {
        const key = `length=${length}/body.bin`;
        await createAll(store, [key], () => pattern(length));
        const body = await store.get(key);
        const kind = kindOf(body);
        expect(
          kind === plain,
          `get(${show(key)}) gave ${kind}, and not ${plain}`,
          "a Buffer of Node handed on: `slice()` of a Buffer copies nothing. Return `new Uint8Array(buffer)`, which is a copy",
        );
      });
    },
  },
];

const plain = "a Uint8Array over an ArrayBuffer";

/** By names, and not by identity: a runner may give its tests a Uint8Array of another realm. */
function kindOf(body: unknown): string {
  if (!ArrayBuffer.isView(body)) return show(body);
  return `a ${body.constructor.name} over an ${body.buffer.constructor.name}`;
}
