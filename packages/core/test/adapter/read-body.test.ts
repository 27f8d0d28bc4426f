import { expect, test } from "vitest";
import { inSlices, readBody } from "../../src/adapter/index.ts";

const call = { store: "a store", operation: "get", key: "a" } as const;
const request = { received: (): void => undefined };

test("a body whose length is announced is copied part by part, not in one piece at its end", async () => {
  const shared = new Uint8Array(2);
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (const value of [1, 2, 3]) yield shared.fill(value);
  }
  expect(await readBody(parts(), { length: 6 }, call, request)).toEqual(new Uint8Array([1, 1, 2, 2, 3, 3]));
});

test("bytes are visited in slices of the length that is asked for, the last one shorter", async () => {
  const seen: number[] = [];
  await inSlices(new Uint8Array(10), ({ byteLength }) => seen.push(byteLength), undefined, 4);
  expect(seen).toEqual([4, 4, 2]);
});
