import { expect, test } from "vitest";
import { isKafkaError } from "../src/errors.ts";
import type { PartitionOutput, SealedOutputs } from "../src/output.ts";
import { TransactionalOutput } from "../src/transactional-output.ts";
import { Transactions } from "./support/transactions.ts";

const partition = { topic: "flights", partition: 0 };
const { signal } = new AbortController();

function epoch(number: number, value: string, incarnation = "one"): SealedOutputs {
  const records = value === "" ? [] : [{ topic: "delays", value: new TextEncoder().encode(value) }];
  return { epoch: number, incarnation, next: 1n, records };
}

async function open(transactions: Transactions, base: SealedOutputs | undefined): Promise<PartitionOutput> {
  const output = new TransactionalOutput({
    producer: (of, { transactionalId }) => transactions.producer(of, transactionalId),
  });
  return output.open({ partition, groupId: "delays", base, signal });
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isKafkaError(error) ? error.code : String(error);
}

test("the newest epoch is let out at a takeover if its transaction was not committed, and not again if it was", async () => {
  const transactions = new Transactions();
  await open(transactions, epoch(4, "a"));
  expect(transactions.committed).toEqual(["a"]);
  await open(transactions, epoch(4, "a"));
  expect(transactions.committed).toEqual(["a"]);
});

test("an epoch without records needs no marker", async () => {
  const transactions = new Transactions();
  await (await open(transactions, epoch(4, "a"))).release(epoch(5, ""), { signal });
  await open(transactions, epoch(5, ""));
  expect(transactions.committed).toEqual(["a"]);
});

test("a predecessor's producer is shut out", async () => {
  const transactions = new Transactions();
  const zombie = await open(transactions, undefined);
  const successor = await open(transactions, undefined);
  expect(await codeOf(zombie.release(epoch(0, "a"), { signal }))).toBe("OutputFenced");
  await successor.release(epoch(0, "a"), { signal });
  expect(transactions.committed).toEqual(["a"]);
});

test.each([
  ["no epoch at all", undefined],
  ["an older epoch", epoch(3, "x")],
  ["an epoch of that number which another process has sealed", epoch(4, "x", "two")],
])("a store that has %s is behind the output, and nothing is let out", async (_, base) => {
  const transactions = new Transactions();
  await open(transactions, epoch(4, "a"));
  expect(await codeOf(open(transactions, base))).toBe("OutputAhead");
  expect(transactions.committed).toEqual(["a"]);
});

test("after the marker was forgotten, an epoch without records lets nothing out again", async () => {
  const transactions = new Transactions();
  await open(transactions, epoch(4, "a"));
  transactions.forgetMarkers();
  await open(transactions, epoch(5, ""));
  expect(transactions.committed).toEqual(["a"]);
});

test("a producer that cannot be closed does not hide why it was", async () => {
  const transactions = new Transactions();
  await open(transactions, epoch(4, "a"));
  const output = new TransactionalOutput({
    producer: (of, { transactionalId }) => ({
      ...transactions.producer(of, transactionalId),
      close: () => Promise.reject(new Error("of the close")),
    }),
  });
  const opened = output.open({ partition, groupId: "delays", base: undefined, signal });
  await expect(opened).rejects.toMatchObject({
    message: expect.stringContaining("the output has released epoch 4") as string,
    errors: [{ code: "OutputAhead" }, { message: "of the close" }],
  });
});
