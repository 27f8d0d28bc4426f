import { expect, test } from "vitest";
import { decodeOffset, decodeOutputs, encodeOffset, encodeOutput } from "../src/attachments.ts";
import { partitionPrefix } from "../src/namespaces.ts";

const partition = { topic: "flights", partition: 3 };

test("an offset is read back for its own partition, and refused for another", () => {
  const bytes = encodeOffset(partition, 2n ** 62n);
  expect(decodeOffset(bytes, partition)).toBe(2n ** 62n);
  expect(() => decodeOffset(bytes, { topic: "flights", partition: 4 })).toThrow(
    "holds the state of flights/p=3, not of flights/p=4",
  );
});

test("an attachment without an offset is refused", () => {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...partition, next: "-1" }));
  expect(() => decodeOffset(bytes, partition)).toThrow("has no offset");
});

test("emitted records are read back as they were, whatever bytes they have", () => {
  const records = [
    { topic: "delays", key: Uint8Array.of(0, 255, 10), value: new Uint8Array(300).fill(200) },
    { topic: "delays", partition: 7, headers: [["at", Uint8Array.of(1)] as const] },
    { topic: "delays", key: new Uint8Array(), value: new Uint8Array() },
  ];
  const bytes = Buffer.concat(records.map(encodeOutput));
  expect(decodeOutputs(bytes)).toEqual(records);
});

test("a namespace has the group, the topic and the partition in its path", () => {
  expect(partitionPrefix("delays", partition)).toBe("jobs/delays/flights/p=3");
  expect(partitionPrefix("a/b c", partition)).toBe("jobs/a%2Fb%20c/flights/p=3");
  expect(() => partitionPrefix("..", partition)).toThrow("cannot be part of a path");
  expect(() => partitionPrefix("delays", { topic: "flights", partition: -1 })).toThrow(RangeError);
});
