import type { ObjectStore } from "@state/core";

/** A version that somebody has claimed. */
export interface Fence {
  readonly version: number;
  readonly instanceId: string | undefined;
  readonly incarnation: string | undefined;
  readonly at: number | undefined;
}

/** Every fence that no prune has deleted, the highest version first. */
export async function fencesOf(store: ObjectStore, signal: AbortSignal): Promise<readonly Fence[]> {
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
