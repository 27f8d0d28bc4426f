/** Something between a backend and its store may say "exists" of what is not there: nothing may rest on it. */
import { describe, expect, test } from "vitest";
import { assertComplete, bytesOf, World } from "../src/conformance/backend-suite/world.ts";
import { MapStore } from "./support/map-store.ts";

/** Says so of every key that it is told to, and holds what it is told to. */
class SaysExists extends MapStore {
  readonly #of: RegExp;
  readonly #there: string | undefined;

  constructor(of: RegExp, there?: string) {
    super();
    this.#of = of;
    this.#there = there;
  }

  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    if (!this.#of.test(key)) return super.create(key, body);
    if (this.#there !== undefined) await super.create(key, bytesOf(this.#there));
    return "exists";
  }
}

const gone = /was there and gone again, 8 times in a row$/;

describe.each([
  { what: "a chunk", of: /\/chunk\./, write: "stream" as const },
  { what: "a later partial", of: /\/partial\.\w{64}\./, write: "write" as const },
])("$what that is said to exist", ({ of, write }) => {
  test("is no receipt if it is not there", async () => {
    const actor = await new World(new SaysExists(of)).open("A");
    if (write === "write") await actor.write(5, 1, "the first");
    await expect(actor[write](5, 1, "state")).rejects.toMatchObject({
      code: "StoreFailed",
      sealed: "unknown",
      cause: { message: expect.stringMatching(gone) },
    });
  });

  test("is none if it holds other bytes", async () => {
    const actor = await new World(new SaysExists(of, "other")).open("A");
    if (write === "write") await actor.write(5, 1, "the first");
    await expect(actor[write](5, 1, "state")).rejects.toMatchObject({ code: "StoreFailed" });
  });

  test("is one if it is there", async () => {
    const actor = await new World(new SaysExists(of, "state")).open("A");
    if (write === "write") await actor.write(5, 1, "the first");
    expect(await actor[write](5, 1, "state")).toMatchObject({ size: 5 });
  });
});

describe("an anchor that is said to exist", () => {
  test("anchors nothing: the epoch is looked at before it is sealed", async () => {
    const leader = await new World(new SaysExists(/_ANCHOR$/)).lead("A", 1);
    const { backend, store } = leader;
    const parts = [await leader.write(0, 0, "zero")];
    const sent = store.requests.length;
    assertComplete(await backend.epochComplete({ epoch: 0, parts }));
    const requests = store.requests.slice(sent);
    expect(requests.indexOf("list epoch=0/")).toBeGreaterThanOrEqual(0);
    expect(requests.indexOf("list epoch=0/")).toBeLessThan(requests.indexOf("create epoch=0/_COMMIT"));
  });

  test("does not stand for an epoch that has nothing else of its own", async () => {
    const leader = await new World(new SaysExists(/_ANCHOR$/)).lead("A", 1);
    await leader.seal(0, { 0: "zero" });
    const completion = leader.backend.epochComplete({ epoch: 1, parts: [], unchanged: [0] });
    await expect(completion).rejects.toMatchObject({ code: "StoreFailed", key: "epoch=1/_ANCHOR" });
    expect(leader.store.requests).not.toContain("create epoch=1/_COMMIT");
  });
});

test("a pin that is said to exist is not answered", async () => {
  const leader = await new World(new SaysExists(/\/pin=/)).lead("A", 1);
  await leader.seal(0, { 0: "zero" });
  await expect(leader.backend.pin({ epoch: 0, name: "savepoint" })).rejects.toMatchObject({
    code: "OutcomeUnknown",
  });
});
