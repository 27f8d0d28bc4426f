import { execFile } from "node:child_process";
import { chmod, mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { promisify } from "node:util";
import { isStoreError } from "@state/core";
import type { ObjectStore, StoreErrorCode } from "@state/core";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../src/file-system.ts";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
import { bytes, keysOf, scratch, tree } from "./support/scratch.ts";
import { systemError, watched } from "./support/watched-files.ts";

const failures = [
  ["write", "ENOSPC", "Unavailable"],
  ["write", "EDQUOT", "Unavailable"],
  ["write", "EIO", "Unavailable"],
  ["close", "ENOSPC", "Unavailable"],
  ["sync", "EIO", "Unavailable"],
  ["open", "EMFILE", "Throttled"],
  ["open", "ENFILE", "Throttled"],
  ["open", "EROFS", "Denied"],
  ["open", "EACCES", "Denied"],
  ["open", "EPERM", "Denied"],
  ["mkdir", "EROFS", "Denied"],
  ["mkdir", "EACCES", "Denied"],
  ["mkdir", "ENOSPC", "Unavailable"],
  ["mkdir", "ENAMETOOLONG", "Misconfigured"],
  ["open", "ENAMETOOLONG", "Misconfigured"],
  ["mkdir", "ENOTDIR", "InvalidKey"],
  ["open", "ENOTDIR", "Misconfigured"],
  ["link", "ENOSPC", "Unavailable"],
  ["link", "EACCES", "Denied"],
  ["link", "EROFS", "Denied"],
  ["realpath", "ELOOP", "Misconfigured"],
  ["open", "EWEIRD", "Failed"],
] as const;

describe("create", () => {
  test.each(failures)("%s failing with %s is %s, and leaves no staging file", async (call, errno, code) => {
    const root = await scratch();
    const isMeant = (path: string): boolean => /^(?:a|\.staging-state\/)/.test(path.slice(root.length + 1));
    // A folder that is not there is made, and not looked at.
    if (call === "realpath") await mkdir(join(root, "a"));
    const store = failing(root, (name, path) => name === call && isMeant(path), errno);
    const error = await rejection(store.create("a/b", bytes("body")));
    expect(error).toMatchObject({ code, key: "a/b", store: `fs:${root}` });
    expect(error).toHaveProperty("message", expect.stringContaining(`${root}/a/b`));
    expect(error).toHaveProperty("message", expect.stringContaining('"a/b"'));
    expect(error).toHaveProperty("cause.code", errno);
    expect((await tree(root)).filter((name) => !name.endsWith("/"))).toEqual([]);
  });

  test("a body of 2^31 bytes is a RangeError before anything is done", async () => {
    const root = join(await scratch(), "root");
    const body = Object.defineProperty(new Uint8Array(), "byteLength", { value: 2 ** 31 });
    await expect(new FsStore({ root }).create("a", body)).rejects.toThrow(RangeError);
    expect(await new FsStore({ root }).get("a")).toBeUndefined();
  });

  test("a root that is no path is a TypeError", () => {
    expect(() => new FsStore({ root: "" })).toThrow(TypeError);
    expect(() => new FsStore({ root: "a\0b" })).toThrow(TypeError);
  });

  test.each(["file", "file/root", "nowhere"])(
    "a root that cannot be a directory is refused: %s",
    async (name) => {
      const above = await scratch();
      await writeFile(join(above, "file"), "");
      await symlink(join(above, "absent/absent"), join(above, "nowhere"));
      const error = await rejection(new FsStore({ root: join(above, name) }).create("a", bytes("body")));
      expect(error).toMatchObject({
        code: "Misconfigured",
        message: expect.stringContaining(join(above, name)),
      });
    },
  );
});

describe("the other operations", () => {
  test.each([
    ["get", "open", "EACCES", "Denied"],
    ["get", "open", "EMFILE", "Throttled"],
    ["get", "open", "EIO", "Unavailable"],
    ["get", "realpath", "EACCES", "Denied"],
    ["list", "readdir", "EACCES", "Denied"],
    ["list", "readdir", "EMFILE", "Throttled"],
    ["list", "lstat", "EIO", "Unavailable"],
  ] as const)("%s: %s failing with %s is %s", async (operation, call, errno, code) => {
    const root = await scratch();
    await new FsStore({ root, fsync: false }).create("a/b", bytes("body"));
    const store = failing(root, (name, path) => name === call && path.startsWith(`${root}/a`), errno);
    const running = operation === "get" ? store.get("a/b") : keysOf(store.list("a/"));
    const error = await rejection(running);
    expect(error).toMatchObject({ code, message: expect.stringContaining(`${root}/a`) });
  });

  test("delete reports failures by key and deletes the others", async () => {
    const root = await scratch();
    const plain = new FsStore({ root, fsync: false });
    for (const key of ["a/1", "a/2", "a/3"]) await plain.create(key, bytes("body"));
    const store = failing(root, (name, path) => name === "unlink" && path === `${root}/a/2`, "EACCES");
    const [failure, ...more] = await store.delete(["a/1", "a/2", "a/3"]);
    expect(failure).toMatchObject({ key: "a/2", error: { code: "Denied", key: "a/2" } });
    expect(more).toEqual([]);
    expect(await keysOf(plain.list(""))).toEqual(["a/2"]);
  });

  test("a file that ends before its own length is Corrupt", async () => {
    const root = await scratch();
    const plain = new FsStore({ root, fsync: false });
    await plain.create("a", bytes("a longer body"));
    const store = new LocalStore(
      { root },
      {
        ...nodeFileSystem,
        open: async (path, flags, mode) => {
          const file = await nodeFileSystem.open(path, flags, mode);
          const stat = await file.stat({ bigint: true });
          await truncate(path, 3);
          return Object.assign(file, { stat: async () => stat });
        },
      },
    );
    expect(await rejection(store.get("a"))).toMatchObject({ code: "Corrupt", retryable: true });
  });
});

describe("permissions, as another user meets them", () => {
  test.skipIf(getuid?.() !== 0)(
    "a directory that may not be written, searched or read is Denied (needs root, to become another user)",
    async () => {
      const root = await scratch();
      await chmod(root, 0o755);
      const plain = new FsStore({ root, fsync: false, fileMode: 0o644, directoryMode: 0o755 });
      await plain.create("readable/a", bytes("body"));
      await chmod(join(root, ".staging-state"), 0o777);
      await plain.create("closed/a", bytes("body"));
      await chmod(join(root, "closed"), 0o700);
      await mkdir(join(root, "open"), { mode: 0o777 });
      await chmod(join(root, "open"), 0o777);
      const child = new URL("./support/as-nobody.ts", import.meta.url).pathname;
      const { stdout } = await promisify(execFile)(process.execPath, [child, root]);
      expect(JSON.parse(stdout)).toEqual({
        "create readable/b": `Denied ${root}/readable/b`,
        "create closed/b": `Denied ${root}/closed/b`,
        "create new/b": `Denied ${root}/new/b`,
        "create open/b": "created",
        "get readable/a": "4 bytes",
        "get closed/a": `Denied ${root}/closed/a`,
        "list closed/": `Denied ${root}/closed/`,
        "delete readable/a": `Denied ${root}/readable/a`,
        "delete closed/a": `Denied ${root}/closed/a`,
      });
    },
  );
});

function failing(
  root: string,
  isFaulty: (name: string, path: string) => boolean,
  errno: string,
): ObjectStore {
  return new LocalStore(
    { root },
    watched((call) => {
      const space = call.indexOf(" ");
      if (isFaulty(call.slice(0, space), call.slice(space + 1))) throw systemError(errno);
    }),
  );
}

async function rejection(promise: Promise<unknown>): Promise<{ code: StoreErrorCode }> {
  const reason: unknown = await promise.then(
    () => "it resolved",
    (error: unknown) => error,
  );
  if (isStoreError(reason)) return reason;
  throw new Error(`not a StoreError: ${String(reason)}`);
}
