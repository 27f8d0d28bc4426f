import type { ObjectStore } from "@state/core";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { timeText } from "../output.ts";
import { openReader } from "../reading.ts";

interface Fence {
  readonly version: number;
  readonly instanceId: string | undefined;
  readonly incarnation: string | undefined;
  readonly at: number | undefined;
}

export const leaders: Command = {
  name: "leaders",
  operands: [],
  summary: "who has claimed which version, and when",
  about:
    "The highest version leads. Prunes keep the last sixteen. The times are by the clocks of those who claimed.",
  examples: ["leaders fs:./checkpoints", "leaders s3://bucket/job --json"],
  async run(call) {
    const { output, store, signal } = call;
    // It refuses a path that holds no checkpoints.
    await using backend = await openReader(call);
    const { fence } = await backend.control({ signal });
    const fences = await fencesOf(store, signal);
    for (const each of fences) output.json({ ...each, leads: each.version === fence });
    output.table(
      ["VERSION>", "CLAIMED BY", "AT", "INCARNATION"],
      fences.map(({ version, instanceId, at, incarnation }) => [
        version === fence ? output.style("green", String(version)) : String(version),
        instanceId ?? "unknown",
        timeText(at),
        incarnation ?? "unknown",
      ]),
    );
    output.line(fence === 0 ? "nobody has claimed a version" : `version ${fence} leads`);
    return exitCodes.sound;
  },
};

/** Descending. */
async function fencesOf(store: ObjectStore, signal: AbortSignal): Promise<readonly Fence[]> {
  const fences: Fence[] = [];
  for await (const { objects } of store.list("_control/", { signal })) {
    for (const { key } of objects) {
      const [, digits] = /^_control\/fence=(\d{16})$/.exec(key) ?? [];
      if (digits === undefined) continue;
      const body = await store.get(key, { signal });
      fences.push({ version: Number(digits), ...(body === undefined ? unknown : claimOf(body)) });
    }
  }
  return fences.toSorted((a, b) => b.version - a.version);
}

const unknown = { instanceId: undefined, incarnation: undefined, at: undefined };

/** Who claimed it. If it is damaged the number in its name still counts. */
function claimOf(body: Uint8Array): Omit<Fence, "version"> {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = Object(JSON.parse(new TextDecoder().decode(body))) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return unknown;
    throw error;
  }
  const { instanceId, incarnation, at } = record;
  return {
    instanceId: typeof instanceId === "string" ? instanceId : undefined,
    incarnation: typeof incarnation === "string" ? incarnation : undefined,
    at: typeof at === "number" ? at : undefined,
  };
}
