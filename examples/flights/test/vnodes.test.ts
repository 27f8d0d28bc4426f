import { expect, test } from "vitest";
import { ownerOf, vnodeCapacity, vnodeOf } from "../src/vnodes.ts";

test("the vnode is FNV-1a's reference value, so that a restarted worker finds what was written before", () => {
  expect(vnodeOf("")).toBe(0x811c9dc5 % vnodeCapacity);
  expect(vnodeOf("a")).toBe(0xe40c292c % vnodeCapacity);
  expect(vnodeOf("foobar")).toBe(0xbf9cf968 % vnodeCapacity);
});

test("every vnode has one owner among the workers", () => {
  expect([0, 1, 2, 3, 4].map((vnode) => ownerOf(vnode, 3))).toEqual([0, 1, 2, 0, 1]);
});
