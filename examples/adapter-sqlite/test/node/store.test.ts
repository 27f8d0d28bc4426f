import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { isStoreError, type StoreErrorCode } from "@state/core";
import { connect } from "../../src/database.ts";
import { toStoreError } from "../../src/errors.ts";
import { SqliteStore } from "../../src/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "state-sqlite-"));
after(() => rmSync(scratch, { recursive: true }));

const body = new TextEncoder().encode("body");
const file = (name: string): string => join(scratch, name);

async function refused(promise: Promise<unknown>, code: StoreErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => isStoreError(error) && error.code === code);
}

async function create(path: string): Promise<"created" | "exists"> {
  const store = new SqliteStore({ path });
  try {
    return await store.create("a", body);
  } finally {
    await store.close();
  }
}

describe("C1: processes that race", () => {
  test("have one winner, whatever the order", async () => {
    const program = `
      import { SqliteStore } from ${JSON.stringify(new URL("../../src/index.ts", import.meta.url).href)};
      const store = new SqliteStore({ path: process.argv[1] });
      for (;;) {
        try {
          console.log(await store.create("a", new TextEncoder().encode(process.argv[2])));
          break;
        } catch (error) {
          if (!error.retryable) throw error; // another process was writing: what the backend does, too
        }
      }
    `;
    const racers = Array.from({ length: 6 }, (_, racer) =>
      promisify(execFile)(process.execPath, [
        "--input-type=module",
        "-e",
        program,
        file("race.sqlite"),
        String(racer),
      ]),
    );
    const outcomes = (await Promise.all(racers)).map(({ stdout }) => stdout.trim()).toSorted();
    assert.deepEqual(outcomes, ["created", "exists", "exists", "exists", "exists", "exists"]);
  });
});

describe("C7: a commit", () => {
  test("is flushed to the disk before create resolves", async () => {
    const { database } = connect(file("durable.sqlite"));
    assert.deepEqual({ ...database.prepare("PRAGMA journal_mode").get() }, { journal_mode: "wal" });
    // 2 is FULL: every commit is flushed.
    assert.deepEqual({ ...database.prepare("PRAGMA synchronous").get() }, { synchronous: 2 });
    database.close();
  });
});

describe("C8, E3: what SQLite cannot do", () => {
  test("is Unavailable while another process writes, and works afterwards", async () => {
    const path = file("busy.sqlite");
    await create(path);
    const writer = new DatabaseSync(path);
    writer.exec("BEGIN IMMEDIATE");
    const store = new SqliteStore({ path });
    await refused(store.create("b", body), "Unavailable");
    const [failure] = await store.delete(["a"]);
    assert.equal(failure?.error.code, "Unavailable");
    assert.deepEqual(await store.get("a"), body);
    writer.exec("COMMIT");
    writer.close();
    assert.equal(await store.create("b", body), "created");
    await store.close();
  });

  test("is Misconfigured without a directory, and for a file that is no database", async () => {
    await refused(create(file("no/such/directory.sqlite")), "Misconfigured");
    writeFileSync(
      file("text.sqlite"),
      "this is not a database, but it is long enough to look like one".repeat(20),
    );
    await refused(create(file("text.sqlite")), "Misconfigured");
  });

  test("has the code of SQLite's primary result code, and Failed for an unknown one", () => {
    const codes = [5, 14, 11].map((errcode) => {
      // An extended code says more in its higher bytes.
      const call = { store: "sqlite:x", operation: "get", key: "a" } as const;
      const error = toStoreError(Object.assign(new Error("x"), { errcode: errcode | 0x100 }), call);
      return `${errcode} ${error.code}`;
    });
    assert.deepEqual(codes, ["5 Unavailable", "14 Misconfigured", "11 Failed"]);
  });

  test("is said for each key of a delete that fails", async () => {
    const failures = await new SqliteStore({ path: file("no/such/file.sqlite") }).delete(["a", "b"]);
    assert.deepEqual(
      failures.map(({ key, error }) => [key, error.code]),
      [
        ["a", "Misconfigured"],
        ["b", "Misconfigured"],
      ],
    );
  });
});

describe("L6: a listing", () => {
  test("comes in pages of 1,000", async () => {
    const store = new SqliteStore({ path: file("pages.sqlite") });
    for (let number = 0; number < 1_500; number += 1) await store.create(`a/${number}`, body);
    const pages: number[] = [];
    for await (const { objects } of store.list("a/")) pages.push(objects.length);
    assert.deepEqual(pages, [1_000, 500]);
    await store.close();
  });
});

describe("P2: close", () => {
  test("ends the database, and what is asked afterwards fails", async () => {
    const store = new SqliteStore({ path: file("closed.sqlite") });
    await store.create("a", body);
    await store.close();
    await store.close();
    await refused(store.get("a"), "Failed");
    assert.equal(await create(file("closed.sqlite")), "exists");
  });
});
