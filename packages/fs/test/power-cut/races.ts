import { join } from "node:path";
import { LocalStore } from "../../src/local-store.ts";
import { gate } from "../support/watched-files.ts";
import { root } from "./checkpoints.ts";
import { Recorder } from "./recorder.ts";
import type { Change, Step } from "./recorder.ts";

const body = new TextEncoder().encode("body");

/**
 * One store changes `a/b` and is held before it flushes that. Then another store does the same, and
 * returns.
 *
 * @param skips flushes of the second store that are left out
 */
export async function recordRace(
  base: string,
  operation: "create" | "delete",
  skips: (step: Change) => boolean = () => false,
): Promise<readonly Step[]> {
  let isSecond = false;
  const recorder = new Recorder(base, (step) => isSecond && skips(step));
  const { files, steps } = recorder;
  const held = gate();
  let isHolding = false;
  const first = recorder.recording(
    new LocalStore(
      { root: join(base, root) },
      {
        ...files,
        open: async (path, flags, mode) => {
          if (isHolding && flags !== "wx") await held.pass();
          return files.open(path, flags, mode);
        },
      },
    ),
  );
  const second = recorder.recording(new LocalStore({ root: join(base, root) }, files));
  await first.create("a/kept", body);
  if (operation === "delete") await first.create("a/b", body);

  isHolding = true;
  const behind = operation === "create" ? first.create("a/b", body) : first.delete(["a/b"]);
  await held.reached;
  isSecond = true;
  if (operation === "create") await second.create("a/b", body);
  else await second.delete(["a/b"]);
  const untilReturn = [...steps];
  held.open();
  await behind;
  return untilReturn;
}

/** A store that does one thing after the other: here no flush does the work of another. */
export async function recordOneByOne(base: string): Promise<readonly Step[]> {
  const recorder = new Recorder(base);
  const store = recorder.recording(new LocalStore({ root: join(base, root) }, recorder.files));
  for (const key of ["a/b/1", "a/b/2", "a/c/3", "d", "e/f"]) await store.create(key, body);
  for (const keys of [["a/b/1"], ["a/b/2"], ["d"], ["a/c/3", "e/f"]]) await store.delete(keys);
  await store.create("a/b/1", body);
  return recorder.steps;
}

/**
 * One store is killed once it has made so many changes of its first create, and leaves them as they
 * are; another then creates another key.
 *
 * @returns `undefined` if the first was done by then
 */
export async function recordKilled(base: string, changes: number): Promise<readonly Step[] | undefined> {
  const recorder = new Recorder(base);
  const { files, steps } = recorder;
  const killed = Promise.withResolvers<"killed">();
  const orDie = <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      // The first step is that it was asked.
      if (steps.length <= changes) return call(...args);
      killed.resolve("killed");
      return new Promise<R>(() => undefined);
    };
  };
  const dying = {
    ...files,
    open: orDie(files.open),
    mkdir: orDie(files.mkdir),
    link: orDie(files.link),
    unlink: orDie(files.unlink),
    realpath: orDie(files.realpath),
  };
  const first = recorder.recording(new LocalStore({ root: join(base, root) }, dying));
  const outcome = await Promise.race([first.create("a/b", body), killed.promise]);
  if (outcome !== "killed") return undefined;
  await recorder.recording(new LocalStore({ root: join(base, root) }, files)).create("a/c", body);
  return steps;
}
