import { describe, expect, test } from "vitest";
import { World } from "../src/conformance/backend-suite/world.ts";
import type { DecisionEvent } from "../src/index.ts";
import { MapStore } from "./support/map-store.ts";

describe("a decision is reported:", () => {
  test("takeover, with the version and the epoch of the base", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    await actor.seal(5, { 0: "state" });
    decisions.length = 0;

    await backend.takeover({ version: 3 });

    expect(decisions).toEqual([
      // The epoch that was anchored beside the seal of 5.
      { type: "decision", decision: "void", epoch: 6 },
      { type: "decision", decision: "takeover", version: 3, epoch: 5, committer: "A" },
    ]);
  });

  test("sealed, with the committer and the version", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    await backend.takeover({ version: 3 });
    decisions.length = 0;

    await actor.seal(5, { 0: "state" });

    expect(decisions).toEqual([
      {
        type: "decision",
        decision: "sealed",
        epoch: 5,
        version: 3,
        committer: "A",
        seal: (await backend.describeEpoch(5)).seal,
      },
    ]);
  });

  test("void, of an epoch that abort made void and of one that was found so", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    await backend.abort(5);
    const part = await actor.write(5, 0, "too late");

    await backend.epochComplete({ epoch: 5, parts: [part] }).catch(() => undefined);

    expect(named(decisions)).toEqual(["void 5", "void 5"]);
  });

  test("void, of each epoch that takeover shuts out", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    await actor.write(5, 0, "never sealed");
    await actor.write(6, 0, "never sealed");

    await backend.takeover({ version: 1 });

    expect(named(decisions)).toEqual(["void 6", "void 5", "takeover undefined"]);
  });

  test("stale, of a write under a version that is no longer in force", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    backend.setAuthoritativeVersion(4);

    await actor.write(5, 0, "stale", 3).catch(() => undefined);

    expect(decisions).toEqual([{ type: "decision", decision: "stale", epoch: 5, version: 4 }]);
  });

  test("stale, of a leader that was deposed", async () => {
    const actor = await decided("A");
    const { backend, decisions, world } = actor;
    await backend.takeover({ version: 1 });
    const part = await actor.write(5, 0, "state");
    await world.lead("B", 2);
    decisions.length = 0;

    await backend.epochComplete({ epoch: 5, parts: [part] }).catch(() => undefined);
    await backend.takeover({ version: 1 }).catch(() => undefined);
    await backend.pruneBefore(5).catch(() => undefined);

    expect(decisions.map(({ decision, version }) => `${decision} ${version}`)).toEqual([
      // The void that B's takeover left is found before the fence is looked at.
      "void undefined",
      "stale 2",
      "stale 2",
    ]);
  });

  test("split-brain, with the instance that sealed the epoch", async () => {
    const actor = await decided("A");
    const { backend, decisions, world } = actor;
    const other = await world.open("B");
    await other.seal(5, { 0: "state" });
    const part = await actor.write(5, 0, "state");

    await backend.epochComplete({ epoch: 5, parts: [part] }).catch(() => undefined);

    expect(decisions).toEqual([{ type: "decision", decision: "split-brain", epoch: 5, committer: "B" }]);
  });

  test("superseded, of an epoch below one that this backend has sealed", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    await actor.seal(6, { 0: "state" });
    const part = await actor.write(5, 0, "earlier");
    decisions.length = 0;

    await backend.epochComplete({ epoch: 5, parts: [part] }).catch(() => undefined);

    expect(named(decisions)).toEqual(["superseded 5"]);
  });

  test("pruned, of a floor that was published and of a call that met it", async () => {
    const actor = await decided("A");
    const { backend, decisions } = actor;
    await actor.seal(5, { 0: "state" });
    await actor.seal(6, { 0: "later" });
    decisions.length = 0;

    await backend.pruneBefore(6);
    const part = await actor.write(4, 0, "too late");
    await backend.epochComplete({ epoch: 4, parts: [part] }).catch(() => undefined);

    expect(named(decisions)).toEqual(["pruned 6", "pruned 4"]);
  });

  test("none, of an epoch that is not complete yet", async () => {
    const { backend, decisions } = await decided("A");

    await backend.epochComplete({ epoch: 5, parts: [1] });

    expect(decisions).toEqual([]);
  });
});

async function decided(instanceId: string): Promise<
  Awaited<ReturnType<World["open"]>> & {
    decisions: DecisionEvent[];
    world: World;
  }
> {
  const decisions: DecisionEvent[] = [];
  const world = new World(new MapStore());
  const actor = await world.open(instanceId, {
    onEvent: (event) => {
      if (event.type !== "decision") return;
      // call-events.test.ts looks at it.
      const { callId: _, ...decision } = event;
      decisions.push(decision);
    },
  });
  return { ...actor, decisions, world };
}

function named(decisions: readonly DecisionEvent[]): string[] {
  return decisions.map(({ decision, epoch }) => `${decision} ${epoch}`);
}
