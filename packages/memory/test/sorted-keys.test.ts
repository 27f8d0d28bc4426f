import { expect, test } from "vitest";
import { SortedKeys } from "../src/sorted-keys.ts";

/** Numbers from 0 in an order of their own, always the same one. */
function shuffled(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => (index * 7919) % count);
}

test("order is that of ASCII", () => {
  const keys = new SortedKeys();
  for (const key of ["b", "a0", "a/b", "a-b", "b", "a.b"]) keys.add(key);
  expect([...keys.atOrAfter("")]).toEqual(["a-b", "a.b", "a/b", "a0", "b"]);
});

const names = shuffled(5_003).map((number) => `k${String(number).padStart(5, "0")}`);
const inOrder = names.toSorted();

test("keys that come in any order, some twice, are in order and there once", () => {
  const keys = new SortedKeys();
  for (const name of [...names, ...names.slice(0, 100)]) keys.add(name);
  expect([...keys.atOrAfter("")]).toEqual(inOrder);
});

test("what is at or after a key is found, wherever the key is and whether or not it is there", () => {
  const keys = new SortedKeys();
  for (const name of names) keys.add(name);
  for (let index = 0; index < inOrder.length; index += 97) {
    expect(keys.atOrAfter(inOrder[index] ?? "").next().value).toBe(inOrder[index]);
    expect(keys.atOrAfter(`${inOrder[index]}\0`).next().value).toBe(inOrder[index + 1]);
  }
  expect([...keys.atOrAfter("l")]).toEqual([]);
});

test("what is deleted is gone, the rest stays in order, and all can be added again", () => {
  const keys = new SortedKeys();
  for (const name of inOrder) keys.add(name);
  for (const name of [...inOrder.slice(0, 3_000), ...inOrder.slice(0, 10), "absent"]) keys.delete(name);
  expect([...keys.atOrAfter("")]).toEqual(inOrder.slice(3_000));
  for (const name of inOrder.slice(3_000)) keys.delete(name);
  expect([...keys.atOrAfter("")]).toEqual([]);
  for (const name of names) keys.add(name);
  expect([...keys.atOrAfter("")]).toEqual(inOrder);
});
