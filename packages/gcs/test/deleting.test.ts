import { startGcsDouble } from "@state/servers";
import { respondWith } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";
import { storeOn } from "./support/target.ts";

const keys = Array.from({ length: 200 }, (_, number) => `key-${number}`);

describe("a delete", () => {
  test("sends one request for each key, at most 48 at a time, and each key once", async () => {
    let running = 0;
    let most = 0;
    await using server = await scriptedServer((request, response, number) => {
      running += 1;
      most = Math.max(most, running);
      // Responds in a later turn, when all requests that may run at a time have come.
      setImmediate(() => {
        running -= 1;
        respondWith(204)(request, response, number);
      });
    });
    expect(await server.store().delete([...keys, ...keys])).toEqual([]);
    expect(server.requests).toHaveLength(200);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(48);
  });

  test("takes an absent key for deleted, and sends nothing for no keys or for one that is bad", async () => {
    const double = await startGcsDouble();
    const store = storeOn(double);
    expect(await store.delete([])).toEqual([]);
    await expect(store.delete(["good", "/bad"])).rejects.toHaveProperty("code", "InvalidKey");
    expect(double.requests).toHaveLength(0);
    expect(await store.delete(["absent"])).toEqual([]);
    await double.stop();
  });

  test("reports each key that failed with its own error, and deletes the others", async () => {
    await using server = await scriptedServer((request, response, number) => {
      const script =
        request.url?.endsWith("key-7") === true
          ? errorResponse(403, "objectUnderActiveHold")
          : request.url?.endsWith("key-9") === true
            ? errorResponse(503, "backendError")
            : respondWith(204);
      script(request, response, number);
    });
    const failures = await server.store().delete(keys);
    expect(failures.map(({ key, error }) => `${key} ${error.key} ${error.code}`).toSorted()).toEqual([
      "key-7 key-7 Denied",
      "key-9 key-9 Unavailable",
    ]);
    expect(server.requests).toHaveLength(200);
  });

  test("that cannot be sent at all is reported for each of its keys", async () => {
    const server = await scriptedServer(respondWith(204));
    const store = server.store();
    await server[Symbol.asyncDispose]();
    const failures = await store.delete(keys);
    expect(failures.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    expect(new Set(failures.map(({ error }) => error.code))).toEqual(new Set(["Unavailable"]));
  });

  test("is not taken for done by a response that is not the service's", async () => {
    for (const status of [200, 201, 202, 302, 404]) {
      await using server = await scriptedServer(respondWith(status, "<html></html>"));
      expect(await server.store().delete(["a"])).toHaveLength(1);
    }
  });

  test("is done when an emulator says so, by a 200 with nothing in it", async () => {
    for (const body of ["", "null\n"]) {
      await using server = await scriptedServer(respondWith(200, body));
      expect(await server.store().delete(["a"])).toEqual([]);
    }
  });
});
