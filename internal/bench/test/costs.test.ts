import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { costPerMillion, measureJob, type PriceList, priceLists, requestsPerMillion } from "../src/costs.ts";

const list: PriceList = {
  service: "a service",
  source: ["this test"],
  prices: {
    create: { kind: "A", perMillion: 5 },
    get: { kind: "B", perMillion: 0.5 },
    list: { kind: "A", perMillion: 7 },
    delete: { kind: "D", perMillion: 1 },
  },
  deleteBatch: 256,
};
const requests = { checkpoints: 10, create: 20, get: 40, list: 10, deletes: [256, 257, 1] };

describe("the costs", () => {
  test("are the requests of each operation at the price of that operation", () => {
    // 2 creates, 4 gets, a page and 0.4 deletes a checkpoint.
    assert.equal(costPerMillion(requests, list), 2 * 5 + 4 * 0.5 + 7 + 0.4);
  });

  test("count a delete as often as its keys fill a request", () => {
    assert.equal(requestsPerMillion(requests, list).delete, 400_000);
    assert.equal(requestsPerMillion(requests, { ...list, deleteBatch: 1 }).delete, 51_400_000);
    assert.equal(requestsPerMillion(requests, { ...list, deleteBatch: 1_000 }).delete, 300_000);
  });

  test("say of each price list where it is from", () => {
    for (const { service, source } of priceLists) assert.match(source.join(" "), /\.com/, service);
  });
});

test("a measured job creates its vnodes, a seal and an anchor each epoch, and prunes as much", async () => {
  const { checkpoints, create, deletes } = await measureJob(2);
  const deleted = deletes.reduce((sum, keys) => sum + keys, 0);
  // The prune creates a floor beside them.
  assert.deepEqual([checkpoints, create], [100, 100 * (2 + 2) + 1]);
  assert.ok(deleted >= 100 * (2 + 2), `${deleted} keys were deleted`);
});
