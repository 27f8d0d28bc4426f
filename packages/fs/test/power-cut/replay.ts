import { hash } from "node:crypto";
import { Disk } from "./disk.ts";
import type { Bound, Tree } from "./disk.ts";
import { MemoryFiles } from "./memory-files.ts";
import { Promises } from "./promises.ts";
import type { Step, Word } from "./recorder.ts";
import type { Remains } from "./restart.ts";

/** Looks at what a power cut left; rejects with what is wrong with it. */
export type Look = (tree: Tree, promises: Promises) => Promise<void>;

export interface Replay {
  /** How many disks were looked at. */
  readonly looked: number;
  /** What was wrong with the first that was not as it should be, and after which step. */
  readonly loss?: string;
}

/** Cuts the power after each step, with every outcome up to a bound, and looks at each disk that this may leave. */
export async function replay(steps: readonly Step[], look: Look, combinations: number): Promise<Replay> {
  const disk = new Disk();
  const promises = new Promises();
  const seen = new Set<string>();
  const bound: Bound = { combinations, random: randomOf(20_260_101) };
  for (const [index, step] of [undefined, ...steps].entries()) {
    if (step !== undefined && isWord(step)) promises.apply(step);
    else if (step !== undefined) disk.apply(step);
    for (const tree of disk.outcomes(bound)) {
      const identity = `${promises.revision} ${digestOf(tree)}`;
      if (seen.has(identity)) continue;
      seen.add(identity);
      const wrong = await wrongOf(look, tree, promises);
      if (wrong !== undefined)
        return { looked: seen.size, loss: `after step ${index} of ${steps.length}: ${wrong}` };
    }
  }
  return { looked: seen.size };
}

/** What a power cut left, in memory, where a restart takes a millisecond or two. */
export function inMemory(tree: Tree): Remains {
  const files = new MemoryFiles(tree, Date.UTC(2026, 0, 1));
  return { base: "", files, tree: async () => files.tree() };
}

const words: ReadonlySet<string> = new Set<Word["kind"]>([
  ...(["creating", "created", "exists", "deleting", "deleted"] as const),
  ...(["completing", "completed", "claimed", "pruning", "pruned"] as const),
]);

function isWord(step: Step): step is Word {
  return words.has(step.kind);
}

async function wrongOf(look: Look, tree: Tree, promises: Promises): Promise<string | undefined> {
  try {
    await look(tree, promises);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Two trees that differ only in what is in their staging files, or in their names, are one. */
function digestOf(tree: Tree): string {
  const lines = Array.from(tree, ([path, bytes]) => {
    if (path.includes(".staging-")) return path.replace(/\.staging-.*/, ".staging-");
    return bytes === undefined ? `${path}/` : `${path} ${Buffer.from(bytes).toString("latin1")}`;
  });
  return hash("sha1", lines.toSorted().join("\0"));
}

/** A linear congruential generator: the same states in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
