import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";

describe("a file system of several machines", () => {
  const types = [
    ["NFS", 0x6969],
    ["SMB", 0x517b],
    ["SMB2", 0xfe534d42],
    ["CIFS", 0xff534d42],
    ["9p", 0x01021997],
    ["AFS", 0x5346414f],
    ["Ceph", 0x00c36400],
    ["FUSE", 0x65735546],
    ["Lustre", 0x0bd00bd0],
    ["GPFS", 0x47504653],
  ] as const;

  test.each(types)("%s is refused by name, and nothing is made on it", async (name, type) => {
    const above = await scratch();
    const files = { ...nodeFileSystem, statfs: async () => type };
    const refused = {
      code: "Unsupported",
      message: expect.stringMatching(new RegExp(`is on ${name}.*; use a disk`)),
    };
    const missing = new LocalStore({ root: join(above, "x/root") }, files);
    await expect(missing.create("a", bytes("body"))).rejects.toMatchObject(refused);
    const there = new LocalStore({ root: above }, files);
    await expect(there.create("a", bytes("body"))).rejects.toMatchObject(refused);
    await expect(there.get("a")).rejects.toMatchObject(refused);
    await expect(keysOf(there.list(""))).rejects.toMatchObject(refused);
    expect(await tree(above)).toEqual([]);
    const allowed = new LocalStore({ root: above, networkFileSystem: true }, files);
    expect(await allowed.create("a", bytes("body"))).toBe("created");
  });

  test("is told by 32 bits of its type, and one whose type is not known is used", async () => {
    // Here is no network.
    expect(await nodeFileSystem.statfs(tmpdir())).toBeLessThan(2 ** 32);
    const files = {
      ...nodeFileSystem,
      statfs: () => Promise.reject(Object.assign(new Error(), { code: "ENOSYS" })),
    };
    expect(await new LocalStore({ root: await scratch() }, files).create("a", bytes("body"))).toBe("created");
  });
});
