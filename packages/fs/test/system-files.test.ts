import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ObjectStoreBackend } from "@state/core";
import { describe, expect, test } from "vitest";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";
import { watched } from "./support/watched-files.ts";

describe("a file that a system makes by itself", () => {
  const names = [".DS_Store", "Thumbs.db", "desktop.ini", ".nfs00000000018c2f4600000001"];

  test.each(names)("%s is no object: it is not listed, read, created or deleted", async (name) => {
    const root = await scratch();
    const store = new FsStore({ root, fsync: false });
    await store.create("a/0", bytes("body"));
    await writeFile(join(root, "a", name), "theirs");
    expect(await keysOf(store.list(""))).toEqual(["a/0"]);
    expect(await store.get(`a/${name}`)).toBeUndefined();
    await expect(store.create(`a/${name}`, bytes("body"))).rejects.toMatchObject({ code: "InvalidKey" });
    expect(await store.delete([`a/${name}`])).toEqual([]);
    expect(await tree(root)).toEqual(["a/", `a/${name}`, "a/0"].toSorted());
    expect(await store.create(`b/${name}/c`, bytes("body"))).toBe("created");
  });

  test("keeps no pruned epoch listed, so that no later prune comes back to it", async () => {
    const root = await scratch();
    const calls: string[] = [];
    const files = watched((call) => void calls.push(call));
    const store = new LocalStore({ root, fsync: false }, files);
    const backend = await ObjectStoreBackend.open({ store, instanceId: "one", vnodeCapacity: 2 });
    const { nextEpoch } = await backend.takeover({ version: 1 });
    const epochs = [0, 1, 2, 3].map((number) => nextEpoch + number);
    for (const epoch of epochs) {
      const part = { epoch, vnode: 1, assignmentVersion: 1, bytes: bytes("state") };
      await backend.epochComplete({ epoch, parts: [await backend.writePartial(part)] });
      for (const [index, name] of names.entries())
        await writeFile(join(root, `epoch=${epoch}`, index % 2 === 0 ? "vnode=1" : ".", name), "theirs");
    }
    await backend.pruneBefore(nextEpoch + 2);
    expect(await tree(root)).toContain(`epoch=${nextEpoch}/vnode=1/.DS_Store`);
    calls.length = 0;
    await backend.pruneBefore(nextEpoch + 3);
    expect(
      calls.filter((call) => call.startsWith("readdir ") && call.includes(`epoch=${nextEpoch}`)),
    ).toEqual([]);
    expect(calls.filter((call) => call.includes(`readdir ${root}/epoch=${nextEpoch + 2}`))).not.toEqual([]);
  });
});
