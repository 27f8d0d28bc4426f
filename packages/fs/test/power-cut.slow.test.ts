import { mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { recordCheckpoints, recordStreams } from "./power-cut/checkpoints.ts";
import { onDisk } from "./power-cut/on-disk.ts";
import { recordKilled, recordOneByOne, recordRace } from "./power-cut/races.ts";
import type { Change, Step } from "./power-cut/recorder.ts";
import { inMemory, replay } from "./power-cut/replay.ts";
import type { Look } from "./power-cut/replay.ts";
import { restart } from "./power-cut/restart.ts";
import { scratch } from "./support/scratch.ts";

// Short of a slow machine no test takes more than a few seconds.
vi.setConfig({ testTimeout: 180_000 });

/** Every object that the store reported is there, and none that it deleted. */
const keepsObjects: Look = async (tree, guarantees) => {
  const broken = guarantees.broken(tree);
  if (broken !== undefined) throw new Error(broken);
};
/** A restarted backend finds every sealed epoch, and goes on. */
const restarts: Look = (tree, guarantees) => restart(inMemory(tree), guarantees);
const keepsAndRestarts: Look = async (tree, guarantees) => {
  await keepsObjects(tree, guarantees);
  await restarts(tree, guarantees);
};

describe("whenever the power is cut", () => {
  test("in checkpoints, a takeover and prunes, nothing sealed is lost, and work goes on", async () => {
    const steps = await recordCheckpoints(await scratch());
    const { looked, loss } = await replay(steps, keepsAndRestarts, 32);
    expect(loss).toBeUndefined();
    expect(looked).toBeGreaterThan(400);
  });

  test("in checkpoints of streams, every chunk of what is sealed is there, and work goes on", async () => {
    const steps = await recordStreams(await scratch());
    const restartsNowAndThen = oneIn(4, restarts);
    const keepsAndMayRestart: Look = async (tree, guarantees) => {
      await keepsObjects(tree, guarantees);
      await restartsNowAndThen(tree, guarantees);
    };
    const { looked, loss } = await replay(steps, keepsAndMayRestart, 4);
    expect(loss).toBeUndefined();
    expect(looked).toBeGreaterThan(200);
  });

  test("a restart in a real directory goes as it does in memory", async () => {
    const base = await scratch();
    const steps = await recordCheckpoints(await scratch());
    const onRealDisk: Look = async (tree, guarantees) => {
      const directory = await mkdtemp(join(base, "cut-"));
      await restart(await onDisk(directory, tree), guarantees);
    };
    expect(await replay(steps, oneIn(40, onRealDisk), 8)).not.toHaveProperty("loss");
    expect((await readdir(base)).length).toBeGreaterThan(20);
  });

  test.each(["create", "delete"] as const)(
    "what the second of two stores that %s the same has reported stays, though the first had not flushed it",
    async (operation) => {
      const steps = await recordRace(await scratch(), operation);
      expect(await replay(steps, keepsObjects, 64)).not.toHaveProperty("loss");
    },
  );
});

describe("the power cut after a kill", () => {
  test("at any step of the first create takes nothing that another store has reported since", async () => {
    let kills = 0;
    for (let changes = 0; ; changes += 1) {
      const steps = await recordKilled(await scratch(), changes);
      if (steps === undefined) break;
      kills += 1;
      expect(await replay(steps, keepsObjects, 64), `killed after ${changes}`).not.toHaveProperty("loss");
    }
    expect(kills).toBeGreaterThan(10);
  });
});

describe("the power cut finds what is lost", () => {
  test("without fsync", async () => {
    const steps = await recordCheckpoints(await scratch(), { fsync: false });
    expect(steps.filter(isFlush)).toEqual([]);
    for (const look of [keepsObjects, restarts]) {
      expect(await replay(steps, look, 64)).toHaveProperty("loss");
    }
  });

  test.each([
    { of: "files", skips: isFileFlush, objects: /shows what nobody wrote/, backend: /is not a namespace/ },
    {
      of: "a partial's folder",
      skips: folder(/\/vnode=\d$/),
      objects: /partial.bin is lost/,
      backend: /is gone/,
    },
    {
      of: "an attachment's folder",
      skips: folder(/\/offsets$/),
      objects: /data.bin is lost/,
      backend: /is gone/,
    },
    { of: "an epoch's folder", skips: folder(/\/epoch=\d$/), objects: /is lost/, backend: /is gone/ },
    {
      of: "the fences' folder",
      skips: folder(/\/_control$/),
      objects: /namespace is lost/,
      backend: /_control\/namespace is gone/,
    },
    {
      of: "the root",
      skips: folder(/^above\/root$/),
      objects: /namespace is lost/,
      backend: /claimed again/,
    },
    {
      of: "the root's parent",
      skips: folder(/^above$/),
      objects: /namespace is lost/,
      backend: /claimed again/,
    },
    {
      of: "the folder above that",
      skips: folder(/^$/),
      objects: /namespace is lost/,
      backend: /claimed again/,
    },
  ])("without the flushes of $of", async ({ skips, objects, backend }) => {
    const steps = await recordCheckpoints(await scratch(), { skips });
    expect(await replay(steps, keepsObjects, 32)).toHaveProperty("loss", expect.stringMatching(objects));
    expect(await replay(steps, restarts, 32)).toHaveProperty("loss", expect.stringMatching(backend));
  });

  test.each([
    { of: "chunks", skips: isFileFlush, objects: /shows what nobody wrote/, backend: /is not a namespace/ },
    {
      of: "a chunk's folder",
      skips: folder(/\/vnode=\d$/),
      objects: /chunk\.\w+\.bin is lost/,
      backend: /chunk\.\w+\.bin .*is gone/,
    },
  ])("without the flushes of $of", async ({ skips, objects, backend }) => {
    const steps = await recordStreams(await scratch(), { skips });
    expect(await replay(steps, keepsObjects, 8)).toHaveProperty("loss", expect.stringMatching(objects));
    expect(await replay(steps, restarts, 8)).toHaveProperty("loss", expect.stringMatching(backend));
  });

  test("without the flushes after a delete, though the next prune finds what is back", async () => {
    const steps = await recordCheckpoints(await scratch(), { skips: isDeleting });
    expect(await replay(steps, keepsObjects, 32)).toHaveProperty("loss", expect.stringMatching(/is back/));
    expect(await replay(steps, oneIn(10, restarts), 8)).not.toHaveProperty("loss");
  });

  test.each([
    { operation: "create", loss: /a\/b is lost/ },
    { operation: "delete", loss: /a\/b was deleted and is back/ },
  ] as const)(
    "without the flush of the second of two that $operation the same",
    async ({ operation, loss }) => {
      const steps = await recordRace(await scratch(), operation, ({ kind }) => kind === "sync directory");
      expect(await replay(steps, keepsObjects, 64)).toHaveProperty("loss", expect.stringMatching(loss));
    },
  );

  test("without any single flush of those that one store makes one after the other", async () => {
    const steps = await recordOneByOne(await scratch());
    expect(await replay(steps, keepsObjects, 64)).not.toHaveProperty("loss");
    for (const flush of steps.filter(isFlush)) {
      const others = steps.filter((step) => step !== flush);
      expect(await replay(others, keepsObjects, 64), JSON.stringify(flush)).toHaveProperty("loss");
    }
  });
});

/** Looks at each of so many only: a restart on a real disk takes its time. */
function oneIn(many: number, look: Look): Look {
  let number = 0;
  return async (tree, guarantees) => {
    number += 1;
    if (number % many === 0) await look(tree, guarantees);
  };
}

function folder(path: RegExp): (step: Change) => boolean {
  return (step) => step.kind === "sync directory" && path.test(step.path);
}

function isFileFlush({ kind }: Change): boolean {
  return kind === "sync file";
}

function isFlush({ kind }: Step): boolean {
  return kind === "sync file" || kind === "sync directory";
}

/** Whether the last that was heard of the store is that it was asked to delete. */
function isDeleting(_: Change, before: readonly Step[]): boolean {
  return before.findLast(({ kind }) => /^(creat|exist|delet)/.test(kind))?.kind === "deleting";
}
