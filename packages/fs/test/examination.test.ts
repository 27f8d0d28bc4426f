import { join } from "node:path";
import { expect, test } from "vitest";
import { remarksOn } from "../src/examination.ts";
import { nodeFileSystem } from "../src/file-system.ts";
import { FsStore } from "../src/index.ts";
import { LocalStore } from "../src/local-store.ts";
import { settingsOf } from "../src/options.ts";
import { scratch } from "./support/scratch.ts";

const flushed = { about: "durability", outcome: "ok", message: "files and directories are flushed" };
const network = "an instance may not see what another one has sealed";
const memory = "it is memory: a power cut or a restart of the machine loses all checkpoints";
const layer = "it is a container's own layer: all checkpoints are lost with the container";

const move = "state copy fs:/data/state fs:/var/lib/NAME --yes";
const cp = "cp -a /data/state /var/lib/NAME";

test.each([
  [0xef53, "ok", "ext4", undefined],
  [0x58465342, "ok", "XFS", undefined],
  [0x12345678, "ok", "a file system of type 0x12345678, which is no known network's", undefined],
  [0x6969, "failed", `NFS: ${network}`, cp],
  [0xff534d42, "failed", `CIFS: ${network}`, cp],
  [0xfe534d42, "failed", `SMB2: ${network}`, cp],
  [0x01021997, "failed", `9p: ${network}`, cp],
  [0x65735546, "failed", `FUSE, which may be a network's: ${network}`, cp],
  [0x4d44, "failed", "FAT: it has no hard links, and no create succeeds", cp],
  [0x01021994, "warning", `tmpfs: ${memory}`, move],
  [0x858458f6, "warning", `ramfs: ${memory}`, move],
  [0x794c7630, "warning", `overlayfs: ${layer}`, move],
] as const)("type 0x%s is %s", async (type, outcome, says, next) => {
  const files = { ...nodeFileSystem, statfs: async () => type };
  const remarks = await remarksOn(files, settingsOf({ root: "/data/state" }), "linux");
  expect(remarks).toEqual([
    {
      about: "file system",
      outcome,
      message: `/data/state is on ${says}`,
      ...(next === undefined ? {} : { next }),
    },
    flushed,
  ]);
});

test("a network that was allowed is a warning, and a store that does not flush a failure", async () => {
  const files = { ...nodeFileSystem, statfs: async () => 0x6969 };
  const store = new LocalStore({ root: "/data/state", networkFileSystem: true, fsync: false }, files);
  expect(await store.examine()).toEqual([
    {
      about: "file system",
      outcome: "warning",
      message: `/data/state is on NFS, as was allowed: ${network}`,
      next: "mount: the options must be those that the README of @state/fs names",
    },
    {
      about: "durability",
      outcome: "failed",
      message: "nothing is flushed: if the machine goes down, then checkpoints are lost",
      next: "new FsStore({ root, fsync: true })",
    },
  ]);
});

test("of a root that is not there yet its directory counts, and nothing is made", async () => {
  const above = await scratch();
  const asked: string[] = [];
  const files = {
    ...nodeFileSystem,
    statfs: async (path: string) => {
      asked.push(path);
      await nodeFileSystem.statfs(path);
      return 0xef53;
    },
  };
  const [remark] = await new LocalStore({ root: join(above, "x/root") }, files).examine();
  expect(remark?.message).toBe(`${above} is on ext4`);
  expect(asked).toEqual([join(above, "x/root"), join(above, "x"), above]);
});

const code = (name: string) => (): Promise<number> =>
  Promise.reject(Object.assign(new Error(`${name} it is`), { code: name }));

test("a type that cannot be told is unknown", async () => {
  const settings = settingsOf({ root: "/data/state" });
  const refused = await remarksOn({ ...nodeFileSystem, statfs: code("EACCES") }, settings, "linux");
  expect(refused[0]).toMatchObject({ outcome: "unknown", message: "its type cannot be read: EACCES it is" });
  const silent = await remarksOn({ ...nodeFileSystem, statfs: code("ENOSYS") }, settings, "linux");
  expect(silent[0]).toMatchObject({ outcome: "unknown", message: "the type of /data/state is not told" });
  const elsewhere = await remarksOn(nodeFileSystem, settings, "darwin");
  expect(elsewhere[0]).toMatchObject({
    outcome: "unknown",
    message: "of which kind it is cannot be told on darwin",
  });
});

test("an abort rejects with its reason", async () => {
  const reason = new Error("enough");
  const store = new FsStore({ root: "/nowhere" });
  await expect(store.examine({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
