import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { FsStore, storeFromUrl, urlSchemes } from "../src/index.ts";
import { bytes, scratch, tree } from "./support/scratch.ts";

describe("a URL", () => {
  test.each(["/a/b", "/", "/with space/ü", "/100%25?#", "/line\nbreak ", "/a:b@c"])(
    "is the name of a store, and leads back to it: %j",
    (root) => {
      const { name } = new FsStore({ root });
      expect(name).toMatch(/^fs:\//);
      expect(FsStore.fromUrl(name).name).toBe(name);
      expect(new URL(name).pathname).not.toContain(" ");
    },
  );

  test.each([
    ["fs:/abs/dir", "fs:/abs/dir"],
    ["fs:///abs/dir", "fs:/abs/dir"],
    ["fs:relative/dir", `fs:${process.cwd()}/relative/dir`],
    ["fs:../dir", `fs:${join(process.cwd(), "../dir")}`],
  ])("%s", (url, name) => {
    expect(storeFromUrl(url).name).toBe(name);
    expect(FsStore.fromUrl(new URL(url)).name).toBe(name);
    expect(urlSchemes).toEqual(["fs"]);
  });

  test.each(["fs:", "fs://host/dir", "fs:/dir?fsync=false", "fs:/dir#x", "file:///dir", "dir"])(
    "%s is a TypeError",
    (url) => {
      expect(() => FsStore.fromUrl(url)).toThrow(TypeError);
    },
  );

  test("takes the other options beside it", async () => {
    const root = await scratch();
    const store = FsStore.fromUrl(`fs:${root}`, { fsync: false });
    expect(await store.create("a", bytes("body"))).toBe("created");
    expect(await tree(root)).toEqual(["a"]);
  });
});
