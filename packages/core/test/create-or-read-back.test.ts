import { describe, expect, test } from "vitest";
import { durations, opened, write } from "./support/clocked-backend.ts";
import { LandingStore } from "./support/failing-stores.ts";
import { rejectionOf } from "./support/rejection.ts";

describe("a create whose responses are all lost", () => {
  test("is still read back, and was a success if the object is there", async () => {
    const { backend, clock, requests } = await opened(new LandingStore());

    const receipt = await clock.run(write(backend));

    expect(receipt.key).toBe("epoch=5/vnode=1/partial.bin");
    expect(clock.now()).toBe(30_000);
    expect(requests.map(({ operation }) => operation)).toEqual(["create", "create", "get"]);
    expect(durations(requests)).toEqual([15_000, 15_000, 0]);
  });

  test("leaves the reading back a whole attempt's time, within the deadline", async () => {
    const { backend, clock, requests } = await opened(new LandingStore({ respondsToGets: false }));

    const reason = await clock.run(rejectionOf(write(backend)));

    expect(reason).toMatchObject({ code: "StoreFailed", cause: { code: "Unavailable" } });
    expect(requests.map(({ operation }) => operation)).toEqual(["create", "create", "get"]);
    expect(durations(requests)).toEqual([15_000, 15_000, 15_000]);
    expect(Math.round(clock.now())).toBe(45_000);
  });

  test("leaves the reading back a third of a deadline that is shorter than three attempts", async () => {
    const { backend, clock, requests } = await opened(new LandingStore({ respondsToGets: false }), {
      deadlineMs: 3000,
    });

    await clock.run(rejectionOf(write(backend)));

    expect(requests.map(({ operation }) => operation)).toEqual(["create", "get"]);
    expect(durations(requests)).toEqual([2000, 1000]);
  });

  test("seals the epoch all the same, when the seal is read back", async () => {
    const store = new LandingStore({ without: /_COMMIT$/ });
    const { backend, clock } = await opened(store);
    const part = await write(backend);

    const outcome = await clock.run(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(outcome).toMatchObject({ complete: true, seal: { epoch: 5, committer: "A" } });
  });
});
