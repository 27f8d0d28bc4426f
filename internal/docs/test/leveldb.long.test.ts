/** The guide's section on a store that one process owns holds: a whole store on LevelDB keeps to it, and passes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ObjectStore } from "@state/core";
import { backendConformance, storeConformance } from "@state/core/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { LeveldbStore } from "./leveldb/leveldb-store.ts";

const scratch = mkdtempSync(join(tmpdir(), "state-leveldb-"));
afterAll(() => rm(scratch, { recursive: true }));

const body = new TextEncoder().encode("body");
const folder = (): string => join(scratch, crypto.randomUUID());

const harness = {
  name: "LeveldbStore",
  singleOwner: true,
  open: async () => new LeveldbStore({ path: folder() }),
  reopen: async (store: ObjectStore) => new LeveldbStore({ path: (store as LeveldbStore).path }),
  close: async (store: ObjectStore) => (store as LeveldbStore).close(),
};
storeConformance({ describe, test }, harness);
backendConformance({ describe, test }, harness);

/** Another process that creates `a`, says so, and holds the store until it is killed. */
async function startOwner(path: string): Promise<{ kill(): Promise<void> }> {
  const module = new URL("leveldb/leveldb-store.ts", import.meta.url).href;
  const program = `
    import { LeveldbStore } from ${JSON.stringify(module)};
    await new LeveldbStore({ path: process.argv[1] }).create("a", new TextEncoder().encode("body"));
    process.stdout.write("created");
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

describe("the lock of a store that one process owns", { timeout: 60_000 }, () => {
  test("refuses a second process with Unavailable, and it has written nothing", async () => {
    const path = folder();
    const owner = await startOwner(path);
    const store = new LeveldbStore({ path });
    const unavailable = { code: "Unavailable", retryable: true };
    await expect(store.create("b", body)).rejects.toMatchObject(unavailable);
    await expect(store.get("a")).rejects.toMatchObject(unavailable);
    expect(await store.delete(["a"])).toMatchObject([{ key: "a", error: unavailable }]);
    await owner.kill();
    expect(await store.get("a")).toEqual(body);
    expect(await store.get("b")).toBeUndefined();
    await store.close();
  });

  test("ends with a process that is killed, and what that one created is there", async () => {
    const path = folder();
    await (await startOwner(path)).kill();
    const store = new LeveldbStore({ path });
    expect(await store.create("a", body)).toBe("exists");
    await store.close();
  });

  test("refuses a second client of the same process, until the first is closed", async () => {
    const path = folder();
    const first = new LeveldbStore({ path });
    await first.create("a", body);
    const second = new LeveldbStore({ path });
    await expect(second.get("a")).rejects.toMatchObject({ code: "Unavailable" });
    await first.close();
    expect(await second.get("a")).toEqual(body);
    await second.close();
    await expect(second.get("a")).rejects.toMatchObject({ code: "Failed" });
  });
});

test("the create that the guide shows is this store's, to the letter", async () => {
  const guide = await readFile(resolve(import.meta.dirname, "../../../docs/writing-an-adapter.md"), "utf8");
  const section = guide.slice(guide.indexOf("## A store that one process owns"));
  const shown = /```ts\n(.*?)```/s.exec(section)?.[1] ?? "no code";
  const store = await readFile(join(import.meta.dirname, "leveldb/leveldb-store.ts"), "utf8");
  expect(store).toContain(shown.replaceAll(/^(?=.)/gm, "    "));
});
