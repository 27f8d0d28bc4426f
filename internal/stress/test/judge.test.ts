import { describe, expect, test } from "vitest";
import { Judge, type Sent, stateAfter } from "../src/judge.ts";
import type { Call } from "../src/messages.ts";

const all = [0, 1, 2];
const latest: Call = { name: "latest", vnode: 0 };

function send(judge: Judge, call: Call, backend: string, version = 0): Sent {
  const isSeal = call.name === "seal";
  judge.send(call, backend, isSeal ? stateAfter(undefined, call.epoch, all, backend) : undefined);
  return { backend, call, version, before: judge.before };
}

function sealOf(epoch: number, version: number): Call {
  return { name: "seal", epoch, version, written: all, unchanged: [] };
}

function seal(judge: Judge, epoch: number, version = 1): void {
  const sent = send(judge, sealOf(epoch, version), "a", version);
  expect(judge.value(sent, { complete: true })).toBeUndefined();
}

function prune(judge: Judge, before: number): void {
  const sent = send(judge, { name: "prune", before, asOperator: true }, "o");
  expect(judge.value(sent, { floor: before, failed: 0 })).toBeUndefined();
}

/** A judge that has seen epochs 5, 6 and 7 sealed by `a`, under version 1. */
function seen(): Judge {
  const judge = new Judge();
  const takeover = send(judge, { name: "takeover", version: 1 }, "a", 1);
  expect(judge.value(takeover, { base: undefined, nextEpoch: 5 })).toBeUndefined();
  for (const epoch of [5, 6, 7]) seal(judge, epoch);
  return judge;
}

function valueOf(judge: Judge, call: Call, value: unknown, backend = "r", version = 0): string | undefined {
  return judge.value(send(judge, call, backend, version), value);
}

describe("the judge finds nothing wrong with", () => {
  test("what was sealed, in order", () => {
    const judge = seen();
    expect(valueOf(judge, latest, { epoch: 7, committer: "a", text: "7/0/a" })).toBeUndefined();
    expect(valueOf(judge, { name: "sealedEpochs", after: -1 }, [5, 6, 7])).toBeUndefined();
    expect(judge.atTheEnd()).toEqual([]);
  });

  test("an older response to a call that was sent before the seal", () => {
    const judge = seen();
    const sent = send(judge, latest, "r");
    seal(judge, 8);
    expect(judge.value(sent, { epoch: 7, committer: "a", text: "7/0/a" })).toBeUndefined();
  });
});

describe("the judge finds wrong", () => {
  test.each<[what: string, call: Call, value: unknown, wrong: string]>([
    ["that nothing is sealed", latest, undefined, "nothing is sealed, though 7"],
    ["a newest that goes back", latest, { epoch: 6, committer: "a", text: "6/0/a" }, "the newest is 6"],
    ["another committer", latest, { epoch: 7, committer: "b", text: "7/0/b" }, "sealed by b"],
    ["other bytes", latest, { epoch: 7, committer: "a", text: "6/0/a" }, "is 6/0/a and not 7/0/a"],
    ["a missing middle", { name: "sealedEpochs", after: -1 }, [5, 7], "6 is missing"],
    ["no epochs", { name: "sealedEpochs", after: -1 }, [], "though 7 was sealed"],
    ["an abort of what is sealed", { name: "abort", epoch: 6 }, undefined, "void, and was sealed"],
    [
      "an open epoch that was sealed",
      { name: "describe", epoch: 6 },
      { state: "open", missing: [] },
      "is open",
    ],
    [
      "a seal that lacks an object",
      { name: "describe", epoch: 6 },
      { state: "sealed", missing: ["k"] },
      "lacks k",
    ],
    [
      "pruned what nobody pruned",
      { name: "describe", epoch: 6 },
      { state: "pruned", missing: [] },
      "is pruned",
    ],
    ["a read that finds nothing", { name: "read", epoch: 6, vnode: 1 }, undefined, "not 6/1/a"],
    ["a base that goes back", { name: "takeover", version: 2 }, { nextEpoch: 8 }, "the base is -1"],
  ])("%s", (_, call, value, wrong) => {
    expect(valueOf(seen(), call, value, "r", 2)).toContain(wrong);
  });

  test("a leader that completes after its successor took over", () => {
    const judge = seen();
    const base = { epoch: 7, committer: "a", text: "7/0/a" };
    expect(valueOf(judge, { name: "takeover", version: 2 }, { base, nextEpoch: 8 }, "b", 2)).toBeUndefined();
    expect(valueOf(judge, sealOf(8, 1), { complete: true }, "a", 1)).toContain("after 2 took over");
  });

  test("a leader that completed above the base of its successor, though it was asked before", () => {
    const judge = seen();
    const slow = send(judge, sealOf(8, 1), "a", 1);
    const base = { epoch: 7, committer: "a", text: "7/0/a" };
    expect(valueOf(judge, { name: "takeover", version: 2 }, { base, nextEpoch: 8 }, "b", 2)).toBeUndefined();
    expect(judge.value(slow, { complete: true })).toContain("version 2 took over at 7");
  });

  test("an epoch below the floor that is not pruned, and a floor that goes back", () => {
    const judge = seen();
    prune(judge, 7);
    expect(valueOf(judge, { name: "describe", epoch: 5 }, { state: "absent", missing: [] })).toContain(
      "floor 7",
    );
    expect(valueOf(judge, { name: "abort", epoch: 4 }, undefined)).toContain("below the floor 7");
    const back = { floor: 6, failed: 0 };
    expect(valueOf(judge, { name: "prune", before: 6, asOperator: true }, back)).toContain("the floor is 6");
  });

  test("an error that nothing explains, and one that denies what is sealed", () => {
    const judge = seen();
    const error = (
      call: Call,
      code: "Corrupt" | "StaleVersion",
      sealed: "no" | "unknown",
    ): string | undefined => judge.error(send(judge, call, "a", 1), { code, sealed, message: "m" });
    expect(error(latest, "Corrupt", "unknown")).toContain("Corrupt");
    expect(error({ name: "prune", before: 0, asOperator: false }, "StaleVersion", "unknown")).toContain(
      "Stale",
    );
    send(judge, { name: "takeover", version: 2 }, "b", 2);
    expect(error(sealOf(7, 1), "StaleVersion", "no")).toContain("though a has sealed it");
  });

  test("a gap that only a later response shows", () => {
    const judge = new Judge();
    for (const epoch of [1, 2, 3]) send(judge, sealOf(epoch, 1), "a", 1);
    expect(valueOf(judge, { name: "sealedEpochs", after: -1 }, [1, 3])).toBeUndefined();
    const described = { state: "sealed", missing: [], committer: "a" };
    expect(valueOf(judge, { name: "describe", epoch: 2 }, described)).toBeUndefined();
    expect(judge.atTheEnd()).toEqual(["sealedEpochs returned [1,3]: 2 is missing"]);
  });
});
