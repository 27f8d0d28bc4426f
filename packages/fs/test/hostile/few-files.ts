// Has few descriptors (`ulimit -n`), takes them all, and gives them back.
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { ObjectStoreBackend } from "@state/core";
import { nodeFileSystem } from "../../src/file-system.ts";
import { LocalStore } from "../../src/local-store.ts";
import { deleteOutcome, keys, outcome, report } from "./report.ts";

const [, , root = ""] = process.argv;
const taken: number[] = [];
const body = new Uint8Array(4);
let takesAtLink = false;
const store = new LocalStore(
  { root },
  {
    ...nodeFileSystem,
    link: async (staged, path) => {
      await nodeFileSystem.link(staged, path);
      if (takesAtLink) takeAll();
    },
  },
);
await store.create("a/kept", body);
await store.create("a/doomed", body);

takeAll();
const none = {
  create: await outcome(store.create("a/new", body)),
  newStore: await outcome(new LocalStore({ root }, nodeFileSystem).create("a/new", body)),
  get: await outcome(store.get("a/kept")),
  list: await outcome(keys(store)),
  delete: await deleteOutcome(store, "a/doomed"),
};

// One is enough for a create; that it is gone once the object is linked leaves the directory
// without its flush.
giveBack(1);
takesAtLink = true;
const unflushed = await outcome(store.create("a/unflushed", body));
takesAtLink = false;
giveBack(1);
const one = {
  unflushed,
  get: await outcome(store.get("a/unflushed").then((found) => found?.length)),
  again: await outcome(store.create("a/unflushed", body)),
  create: await outcome(store.create("a/new", body)),
  delete: await deleteOutcome(store, "a/doomed"),
};

// Four for sixty-four creates at a time: some get no file, some no directory to flush.
giveBack(3);
const many = Array.from({ length: 64 }, (_, vnode) => `b/${vnode}/c`);
const outcomes = await Promise.all(many.map((key) => outcome(store.create(key, body))));
const present = new Set(await keys(store, "b/"));
const lost = many.filter((key, index) => outcomes[index] === "created" && !present.has(key));

// The backend tries again, as it would on any store: there are still fewer than it asks for at
// once.
giveBack(16);
const retry = { attempts: 1_000, baseDelayMs: 0 };
const backend = await ObjectStoreBackend.open({ store, instanceId: "one", vnodeCapacity: 64, retry });
const parts = await Promise.all(
  many.map((_, vnode) => backend.writePartial({ epoch: 1, vnode, assignmentVersion: 0, bytes: body })),
);
const { complete } = await backend.epochComplete({ epoch: 1, parts });

giveBack(taken.length);
const again = await Promise.all(many.map((key) => outcome(store.create(key, body))));
report({
  none,
  one,
  kinds: [...new Set(outcomes)],
  lost,
  complete,
  isTrue: again.every((result, index) => result === (present.has(many[index] ?? "") ? "exists" : "created")),
  keys: [(await keys(store, "a/")).join(" "), (await keys(store, "b/")).length],
});

function takeAll(): void {
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch (error) {
    if (!(error instanceof Error && Reflect.get(error, "code") === "EMFILE")) throw error;
  }
}

function giveBack(count: number): void {
  for (const file of taken.splice(0, count)) closeSync(file);
}
