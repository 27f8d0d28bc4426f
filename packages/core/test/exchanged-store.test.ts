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

test("a leader whose store is exchanged under it seals nothing there, and says what may have happened", async () => {
  const store = new ExchangedStore();
  await using leader = await ObjectStoreBackend.open({ store, instanceId: "a", vnodeCapacity: 1 });
  await leader.takeover({ version: 1 });
  const write = (epoch: number): ReturnType<typeof leader.writePartial> =>
    leader.writePartial({ epoch, vnode: 0, assignmentVersion: 1, bytes: new Uint8Array([epoch]) });
  await leader.epochComplete({ epoch: 1, parts: [await write(1)] });
  store.exchange();
  const parts = [await write(2)];
  const error = await rejectionOf(leader.epochComplete({ epoch: 2, parts }));
  expect(error).toMatchObject({ code: "StaleVersion", sealed: "no" });
  expect(error).toHaveProperty(
    "message",
    "epochComplete on exchanged: the fence of version 1, which this backend claimed, is gone: another leads, or the bucket, " +
      "container or root is not the one that it was. " +
      "Stop leading: another goes on. To lead again, call takeover with a higher version.",
  );
  await expect(store.get("epoch=2/_COMMIT")).resolves.toBeUndefined();
});
