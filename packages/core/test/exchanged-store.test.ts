import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import type { ListOptions, ObjectStore } from "../src/store.ts";
import { MapStore } from "./support/map-store.ts";
import { rejectionOf } from "./support/rejection.ts";

/** A store whose bucket, container or root is removed, and made anew by the same name, while it is open. */
class ExchangedStore implements ObjectStore {
  readonly name = "exchanged";
  #place = new MapStore();

  exchange(): void {
    this.#place = new MapStore();
  }

  create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    return this.#place.create(key, body);
  }

  get(key: string): ReturnType<MapStore["get"]> {
    return this.#place.get(key);
  }

  list(prefix: string, options?: ListOptions): ReturnType<MapStore["list"]> {
    return this.#place.list(prefix, options);
  }

  delete(keys: readonly string[]): ReturnType<MapStore["delete"]> {
    return this.#place.delete(keys);
  }
}

const gone =
  "epochComplete on exchanged: the fence of version 1, which this backend claimed, is gone: another leads, or the bucket, " +
  "container or root is not the one that it was. " +
  "Stop leading: another goes on. To lead again, call takeover with a higher version.";

test.each([
  { name: "sees it with its first seal", verifyObjects: false, sealed: "yes" },
  { name: "seals nothing there if it looks first", verifyObjects: true, sealed: "no" },
])("a leader whose store is exchanged under it $name", async ({ verifyObjects, sealed }) => {
  const store = new ExchangedStore();
  const options = { store, instanceId: "a", vnodeCapacity: 1, verifyObjects };
  await using leader = await ObjectStoreBackend.open(options);
  await leader.takeover({ version: 1 });
  const complete = async (epoch: number): Promise<unknown> => {
    const bytes = new Uint8Array([epoch]);
    const part = await leader.writePartial({ epoch, vnode: 0, assignmentVersion: 1, bytes });
    return leader.epochComplete({ epoch, parts: [part] });
  };
  await complete(1);
  store.exchange();
  const error = await rejectionOf(complete(2));
  expect(error).toMatchObject({ code: "StaleVersion", sealed, message: gone });
  expect((await store.get("epoch=2/_COMMIT")) === undefined).toBe(verifyObjects);
  expect(await rejectionOf(complete(3))).toMatchObject({ code: "StaleVersion" });
  await expect(store.get("epoch=3/_COMMIT")).resolves.toBeUndefined();
});
