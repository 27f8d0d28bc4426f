import { describe, expect, test } from "vitest";
import type { StoreErrorCode } from "../src/index.ts";
import type { OperationOptions } from "../src/store.ts";
import { readyToSeal } from "./support/clocked-backend.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

describe("the seal's create", () => {
  const definite = ["Denied", "Misconfigured", "Unsupported", "InvalidKey"] as const;

  test.each(definite)("that was refused with %s sealed nothing: StoreFailed", async (code) => {
    const { backend, store, part } = await readyToSeal();
    store.refuse("create epoch=5/_COMMIT", code);

    const reason = await rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(reason).toMatchObject({ code: "StoreFailed", sealed: "no", epoch: 5, cause: { code } });
    expect(store.requests).not.toContain("get epoch=5/_COMMIT");
  });

  test.each(definite)(
    "that met Unavailable before it was refused with %s may have sealed: OutcomeUnknown",
    async (code) => {
      const { backend, clock, store, part } = await readyToSeal();
      store.lose("create epoch=5/_COMMIT");
      store.refuse("create epoch=5/_COMMIT", code);

      const reason = await clock.run(rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] })));

      expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown", cause: { code } });
      expect(store.requests).toContain("get epoch=5/_COMMIT");
    },
  );

  test("that met Unavailable, landed, and was then denied is found to have sealed", async () => {
    const { backend, clock, store, part } = await readyToSeal();
    store.loseResponse("create epoch=5/_COMMIT");
    store.refuse("create epoch=5/_COMMIT", "Denied");

    const outcome = await clock.run(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(outcome).toMatchObject({ complete: true, seal: { epoch: 5 } });
  });

  test.each<StoreErrorCode>(["Unavailable", "Throttled", "Corrupt", "Failed"])(
    "that only ever met %s may have sealed: OutcomeUnknown",
    async (code) => {
      const { backend, clock, store, part } = await readyToSeal({ attempts: 2 });
      store.refuse("create epoch=5/_COMMIT", code);
      store.refuse("create epoch=5/_COMMIT", code);

      const reason = await clock.run(rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] })));

      expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown", cause: { code } });
    },
  );

  test("that timed out every time may have sealed, or may yet: OutcomeUnknown", async () => {
    const { backend, clock, store, part } = await readyToSeal({ attempts: 1 });
    store.hold("create epoch=5/_COMMIT");

    const reason = await clock.run(rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] })));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown" });
    expect(store.requests).toContain("get epoch=5/_COMMIT");
  });

  test("that timed out every time, at a store that obeys its signal, may have sealed all the same", async () => {
    class Obedient extends MapStore {
      override create(
        key: string,
        body: Uint8Array,
        options?: OperationOptions,
      ): Promise<"created" | "exists"> {
        if (!key.endsWith("_COMMIT")) return super.create(key, body, options);
        const signal = options?.signal;
        return new Promise((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        });
      }
    }
    const { backend, clock, part } = await readyToSeal({}, new Obedient());

    const reason = await clock.run(rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] })));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown" });
  });

  test("that timed out before it was refused may have sealed: OutcomeUnknown", async () => {
    const { backend, clock, store, part } = await readyToSeal();
    store.hold("create epoch=5/_COMMIT");
    store.refuse("create epoch=5/_COMMIT", "Denied");

    const reason = await clock.run(rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] })));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", sealed: "unknown" });
  });

  test("that failed with a foreign error may have sealed: OutcomeUnknown", async () => {
    const foreign = new TypeError("not a function");
    class Foreign extends MapStore {
      override create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
        return key.endsWith("_COMMIT") ? Promise.reject(foreign) : super.create(key, body);
      }
    }
    const { backend, store, part } = await readyToSeal({}, new Foreign());

    const reason = await rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", cause: { code: "Failed", cause: foreign } });
    expect(store.requests.filter((request) => request === "create epoch=5/_COMMIT")).toHaveLength(1);
  });

  test("that returns neither created nor exists may have sealed: OutcomeUnknown", async () => {
    class Vague extends MapStore {
      override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
        return key.endsWith("_COMMIT") ? ("ok" as "created") : super.create(key, body);
      }
    }
    const { backend, part } = await readyToSeal({}, new Vague());

    const reason = await rejectionOf(backend.epochComplete({ epoch: 5, parts: [part] }));

    expect(reason).toMatchObject({ code: "OutcomeUnknown", cause: { code: "Failed" } });
  });
});
