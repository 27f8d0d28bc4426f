import { expect, test } from "vitest";
import { sharing } from "../src/sharing.ts";

test("who comes while work runs gets a run that starts afterwards, the same for all", async () => {
  const { runs, work } = heldWork();
  const share = sharing(work, "own");
  const first = share("a");
  const waiting = [share("a"), share("a")];
  const elsewhere = share("b");
  expect(runs.map(({ path }) => path)).toEqual(["a", "b"]);
  runs[0]?.resolve("old");
  expect(await first).toBe("old");
  expect(runs.map(({ path }) => path)).toEqual(["a", "b", "a"]);
  const later = share("a");
  runs[2]?.resolve("new");
  expect(await Promise.all(waiting)).toEqual(["new", "new"]);
  expect(runs).toHaveLength(4);
  runs[1]?.resolve("elsewhere");
  runs[3]?.resolve("newest");
  expect(await Promise.all([elsewhere, later])).toEqual(["elsewhere", "newest"]);
});

test("a run that nobody waits for is forgotten, whether it fails or not", async () => {
  const { runs, work } = heldWork();
  const share = sharing(work, "waiting");
  const failing = share("a");
  runs[0]?.reject(new Error("broken"));
  await expect(failing).rejects.toThrow("broken");
  const next = share("a");
  expect(runs).toHaveLength(2);
  runs[1]?.resolve("done");
  expect(await next).toBe("done");
});

test("a run that fails may concern its own callers alone", async () => {
  const { runs, work } = heldWork();
  const share = sharing(work, "own");
  const failing = share("a");
  const waiting = share("a");
  runs[0]?.reject(new Error("broken"));
  await expect(failing).rejects.toThrow("broken");
  runs[1]?.resolve("done");
  expect(await waiting).toBe("done");
});

test("a run that fails may concern those too who wait, but nobody who comes later", async () => {
  const { runs, work } = heldWork();
  const share = sharing(work, "waiting");
  const failing = Promise.allSettled([share("a"), share("a")]);
  runs[0]?.reject(new Error("broken"));
  expect(await failing).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  expect(runs).toHaveLength(1);
  const later = share("a");
  runs[1]?.resolve("done");
  expect(await later).toBe("done");
});

interface HeldRun extends PromiseWithResolvers<string> {
  readonly path: string;
}

/** Work that ends when it is told to. */
function heldWork(): { runs: HeldRun[]; work: (path: string) => Promise<string> } {
  const runs: HeldRun[] = [];
  const work = (path: string): Promise<string> => {
    const run = { path, ...Promise.withResolvers<string>() };
    runs.push(run);
    return run.promise;
  };
  return { runs, work };
}
