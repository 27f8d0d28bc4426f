import { hash } from "node:crypto";
import { Disk } from "./disk.ts";
import type { Bound, Tree } from "./disk.ts";
import { MemoryFiles } from "./memory-files.ts";
import { Guarantees } from "./guarantees.ts";
import type { Step, CallEvent } from "./recorder.ts";
import type { Remains } from "./restart.ts";

/** Looks at what a power cut left; rejects with what is wrong with it. */
export type Look = (tree: Tree, guarantees: Guarantees) => Promise<void>;

export interface Replay {
  /** How many disks were looked at. */
  readonly looked: number;
  /** What was wrong with the first that was not as it should be, and after which step. */
  readonly loss?: string;
}

/**
 * Cuts the power after each step, with every outcome up to a bound, and looks at each disk that
 * this may leave.
 */
export async function replay(steps: readonly Step[], look: Look, combinations: number): Promise<Replay> {
  const disk = new Disk();
  const guarantees = new Guarantees();
  const seen = new Set<string>();
  const bound: Bound = { combinations, random: randomOf(20_260_101) };
  for (const [index, step] of [undefined, ...steps].entries()) {
    if (step !== undefined && isCallEvent(step)) guarantees.apply(step);
    else if (step !== undefined) disk.apply(step);
    for (const tree of disk.outcomes(bound)) {
      const identity = `${guarantees.revision} ${digestOf(tree)}`;
      if (seen.has(identity)) continue;
      seen.add(identity);
      const wrong = await wrongOf(look, tree, guarantees);
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

const callEventKinds: ReadonlySet<string> = new Set<CallEvent["kind"]>([
  ...(["creating", "created", "exists", "deleting", "deleted"] as const),
  ...(["completing", "completed", "claimed", "pruning", "pruned"] as const),
]);

function isCallEvent(step: Step): step is CallEvent {
  return callEventKinds.has(step.kind);
}

async function wrongOf(look: Look, tree: Tree, guarantees: Guarantees): Promise<string | undefined> {
  try {
    await look(tree, guarantees);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Two trees that differ only in what is in their staging files, or in their names, are one. */
function digestOf(tree: Tree): string {
  const lines = Array.from(tree, ([path, bytes]) => {
    if (path.includes(".staging-state/")) return path.replace(/\.staging-state\/.*/, ".staging-state/");
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
