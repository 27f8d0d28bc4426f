import { backendConformance, storeConformance } from "@state/core/conformance";
import { describe, expect, test } from "vitest";
import { LocalStore } from "../src/local-store.ts";
import { type Folding, MemoryFiles } from "./power-cut/memory-files.ts";
import { bytes, keysOf, scratch } from "./support/scratch.ts";
import { watched } from "./support/watched-files.ts";

const root = "/Root";

describe.each(["realpath", "names"] as const)(
  "a disk that folds case, and tells spellings by %s",
  (folding) => {
    const disks = new Map<object, MemoryFiles>();
    const at = (files: MemoryFiles): LocalStore => {
      const store = Object.assign(new LocalStore({ root }, files), { wholeListings: true as const });
      disks.set(store, files);
      return store;
    };
    const harness = {
      name: `LocalStore, ${folding}`,
      foldsCase: true,
      wholeListings: true,
      open: async () => at(diskOf(folding)),
      reopen: async (store: object) => at(disks.get(store) ?? diskOf(folding)),
    };
    storeConformance({ describe, test }, harness);
    backendConformance({ describe, test }, harness);

    test("a create names the object that is there, and a reader that made nothing tells them apart too", async () => {
      const files = diskOf(folding);
      await at(files).create("a/Key", bytes("body"));
      await expect(at(files).create("a/kEY", bytes("other"))).rejects.toMatchObject({
        code: "InvalidKey",
        message: expect.stringContaining("/Root/a/Key is there; choose another key"),
      });
      const reader = at(files);
      expect([await reader.get("A/Key"), await reader.get("a/key")]).toEqual([undefined, undefined]);
      expect(await reader.get("a/Key")).toEqual(bytes("body"));
      expect(await reader.delete(["a/KEY", "A/Key"])).toEqual([]);
      expect(await keysOf(reader.list("A/"))).toEqual([]);
      expect(await keysOf(reader.list(""))).toEqual(["a/Key"]);
    });

    test("a reader tells them apart in a tree without a directory of staging files", async () => {
      const tree = new Map([
        ["Root", undefined],
        ["Root/a", undefined],
        ["Root/a/Key", bytes("body")],
      ]);
      const reader = at(new MemoryFiles(tree, 0, folding));
      expect(await reader.get("a/KEY")).toBeUndefined();
      expect(await reader.get("a/Key")).toEqual(bytes("body"));
    });

    test("a root that is spelled otherwise is the same root", async () => {
      const files = diskOf(folding);
      await at(files).create("a/Key", bytes("body"));
      expect(await new LocalStore({ root: "/rOOT" }, files).get("a/Key")).toEqual(bytes("body"));
    });

    test("a folder of another spelling that comes just before the link leaves nothing in it", async () => {
      const files = diskOf(folding);
      const linkNow = files.link;
      let isExchanged = false;
      const link = async (staged: string, path: string): Promise<void> => {
        if (!isExchanged) {
          isExchanged = true;
          await files.rmdir("/Root/a");
          await files.mkdir("/Root/A");
        }
        await linkNow(staged, path);
      };
      const store = new LocalStore({ root }, Object.assign(files, { link }));
      await expect(store.create("a/key", bytes("body"))).rejects.toMatchObject({ code: "Unavailable" });
      expect(await keysOf(store.list(""))).toEqual([]);
      await expect(store.create("a/key", bytes("body"))).rejects.toMatchObject({ code: "InvalidKey" });
    });
  },
);

test("a disk that tells names by case is asked once", async () => {
  const directory = await scratch();
  const asked: string[] = [];
  const files = watched((call) => {
    if (call.includes(".STAGING-")) asked.push(call);
  });
  const store = new LocalStore({ root: directory }, files);
  expect(await store.create("a/Key", bytes("one"))).toBe("created");
  expect(await store.create("a/key", bytes("other"))).toBe("created");
  expect(await store.create("A/key", bytes("third"))).toBe("created");
  expect(await keysOf(store.list(""))).toEqual(["A/key", "a/Key", "a/key"]);
  expect(asked).toHaveLength(1);
});

function diskOf(folding: Folding): MemoryFiles {
  return new MemoryFiles(new Map(), 0, folding);
}
