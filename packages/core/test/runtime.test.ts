import { afterEach, expect, test, vi } from "vitest";
import { MapStore } from "./support/map-store.ts";
import { ObjectStoreBackend } from "../src/index.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function on(versions: Readonly<Record<string, string>> | undefined): Promise<ObjectStoreBackend> {
  vi.stubGlobal("process", versions === undefined ? undefined : { versions });
  return ObjectStoreBackend.open({ store: new MapStore(), instanceId: "node-0", vnodeCapacity: 1 });
}

test.each(["18.20.0", "20.19.5", "21.7.3", "22.12.0"])(
  "on Node %s open says which one it needs",
  async (node) => {
    await expect(on({ node })).rejects.toThrow(
      `@state/core needs Node 22.13 or later, and this is Node ${node}.`,
    );
  },
);

test.each(["22.13.0", "24.21.0", "100.0.0"])("Node %s is new enough", async (node) => {
  await expect(on({ node })).resolves.toBeInstanceOf(ObjectStoreBackend);
});

test("a runtime that names no Node is taken as it is", async () => {
  await expect(on({})).resolves.toBeInstanceOf(ObjectStoreBackend);
  await expect(on(undefined)).resolves.toBeInstanceOf(ObjectStoreBackend);
});
