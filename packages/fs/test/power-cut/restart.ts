import { ObjectStoreBackend } from "@state/core";
import type { SealedEpoch } from "@state/core";
import type { FileSystem } from "../../src/file-system.ts";
import { LocalStore } from "../../src/local-store.ts";
import { offsetsOf, root, vnodeCapacity } from "./checkpoints.ts";
import type { Tree } from "./disk.ts";
import { objectsOf } from "./guarantees.ts";
import type { Guarantees } from "./guarantees.ts";
import type { Contents } from "./recorder.ts";

/** A disk after a power cut, a day and more later, and what is on it. */
export interface Remains {
  readonly base: string;
  readonly files: FileSystem;
  readonly tree: () => Promise<Tree>;
}

/**
 * Goes on where the power was cut, as an operator would: opens, restores, takes over, completes an
 * epoch and prunes.
 *
 * Rejects with what is wrong.
 */
export async function restart({ base, files, tree }: Remains, guarantees: Guarantees): Promise<void> {
  const store = new LocalStore({ root: `${base}/${root}` }, files);
  const retry = { attempts: 1 };
  const backend = await ObjectStoreBackend.open({ store, instanceId: "three", vnodeCapacity, retry });

  const latest = await backend.latest();
  const expected = Math.max(-1, ...guarantees.completed.keys());
  if ((latest?.epoch ?? -1) < expected)
    fail(`epoch ${expected} was completed, the latest is ${latest?.epoch}`);
  if (latest !== undefined) await compare(latest, guarantees.attempted.get(latest.epoch));
  await checkHistory(backend, guarantees);

  if (guarantees.claimed > 0 && !(await isRefused(backend, guarantees.claimed))) {
    fail(`version ${guarantees.claimed} was claimed, and can be claimed again`);
  }
  const { base: restored, nextEpoch } = await backend.takeover({ version: 9 });
  if (restored?.epoch !== latest?.epoch) fail(`took over from ${restored?.epoch}, not ${latest?.epoch}`);

  // One higher than it need be: a prune before epoch 0 has nothing to do.
  const epoch = nextEpoch + 1;
  const contents = new Map<number, string>(guarantees.attempted.get(restored?.epoch ?? -1));
  const unchanged = [...contents.keys()].filter((vnode) => vnode > 0);
  await write(backend, epoch, contents, unchanged);
  const { floor, failedCount } = await backend.pruneBefore(epoch);
  if (floor !== epoch || failedCount > 0)
    fail(`a prune before ${epoch} came to ${floor}, ${failedCount} failed`);

  const sealed = await backend.latest();
  if (sealed?.epoch !== epoch) fail(`epoch ${epoch} was completed, the latest is ${sealed?.epoch}`);
  await compare(sealed, contents);
  const left = await tree();
  checkOrphans(left, sealed);
  // An empty directory that is left is no folder: no later prune comes back to it.
  const folders: string[] = [];
  for await (const page of store.list("", { delimiter: "/" })) folders.push(...page.prefixes);
  const holding = new Set([...objectsOf(left).keys()].map((key) => key.slice(0, key.indexOf("/") + 1)));
  if (folders.join(" ") !== [...holding].toSorted().join(" ")) fail(`the folders are ${folders.join(" ")}`);
  await store.close();
}

/** Completes an epoch in which some vnodes are unchanged, and notes what the others hold. */
async function write(
  backend: ObjectStoreBackend,
  epoch: number,
  contents: Map<number, string>,
  unchanged: readonly number[],
): Promise<void> {
  const assignmentVersion = 9;
  const vnodes = Array.from({ length: vnodeCapacity }, (_, vnode) => vnode);
  const written = vnodes.filter((vnode) => !unchanged.includes(vnode));
  for (const vnode of written) {
    contents.set(vnode, `new ${vnode}`);
    const bytes = encoder.encode(`new ${vnode}`);
    await backend.writePartial({ epoch, vnode, assignmentVersion, bytes });
  }
  const bytes = encoder.encode(offsetsOf(epoch));
  const offsets = await backend.writeAttachment({ epoch, name: "offsets", assignmentVersion, bytes });
  const request = { epoch, parts: written, unchanged, attachments: [offsets] };
  const { complete } = await backend.epochComplete(request);
  if (!complete) fail(`epoch ${epoch} cannot be completed`);
}
const encoder = new TextEncoder();

/**
 * Each epoch that was completed is there to the last byte, or below a floor that somebody asked
 * for.
 */
async function checkHistory(backend: ObjectStoreBackend, guarantees: Guarantees): Promise<void> {
  for (const [epoch, contents] of guarantees.completed) {
    const { state } = await backend.describeEpoch(epoch);
    if (epoch < guarantees.floor && state !== "pruned") fail(`epoch ${epoch} was pruned, and is ${state}`);
    if (state === "pruned" && epoch < guarantees.highestFloor) continue;
    if (state !== "sealed") fail(`epoch ${epoch} was completed, and is ${state}`);
    for (const [vnode, text] of contents) {
      const body = await backend.readPartial({ epoch, vnode });
      if (textOf(body) !== text) fail(`vnode ${vnode} of epoch ${epoch} reads as ${shown(body)}`);
    }
  }
}

async function isRefused(backend: ObjectStoreBackend, version: number): Promise<boolean> {
  return backend.takeover({ version }).then(
    () => false,
    (error: unknown) => error instanceof Error && Reflect.get(error, "code") === "StaleVersion",
  );
}

async function compare(sealed: SealedEpoch | undefined, contents: Contents | undefined): Promise<void> {
  if (sealed?.vnodes.length !== contents?.size)
    fail(`epoch ${sealed?.epoch} has other vnodes than were sealed`);
  for (const [vnode, text] of contents ?? []) {
    const pieces: Uint8Array[] = [];
    for await (const piece of sealed?.stream(vnode) ?? []) pieces.push(piece);
    const body = Buffer.concat(pieces);
    if (textOf(body) !== text) fail(`vnode ${vnode} of epoch ${sealed?.epoch} reads as ${shown(body)}`);
  }
  const offsets = textOf(await sealed?.readAttachment("offsets"));
  if (offsets !== offsetsOf(sealed?.epoch ?? -1))
    fail(`the offsets of epoch ${sealed?.epoch} read as ${offsets}`);
}

/**
 * After a prune up to the newest seal there is what it names, what says who leads and where the
 * floor is, the newest fences and floors below those, and no more.
 */
function checkOrphans(tree: Tree, sealed: SealedEpoch | undefined): void {
  const named = new Set([
    ...(sealed?.seal.partials ?? []).flatMap(({ key, chunks }) => chunks?.map((chunk) => chunk.key) ?? key),
    ...(sealed?.seal.attachments ?? []).map(({ key }) => key),
    `epoch=${sealed?.epoch}/_COMMIT`,
    "_control/namespace",
    `_control/fence=${String(9).padStart(16, "0")}`,
    `_control/floor=${String(sealed?.epoch).padStart(16, "0")}`,
  ]);
  const newest = sealed?.epoch ?? -1;
  // Its own, and that of the epoch to come. A power cut may have come before either.
  const anchors = new Set([`epoch=${newest}/_ANCHOR`, `epoch=${newest + 1}/_ANCHOR`]);
  for (const key of objectsOf(tree).keys())
    if (!named.delete(key) && !anchors.has(key) && !/^_control\/(?:fence|floor)=\d{16}$/.test(key))
      fail(`${key} is an orphan`);
  for (const key of named) fail(`${key} is gone after the prune`);
  for (const path of tree.keys()) if (path.includes(".staging-state/")) fail(`${path} was not swept`);
}

function textOf(body: Uint8Array | undefined): string | undefined {
  return body === undefined ? undefined : new TextDecoder().decode(body);
}

/** Without most of a chunk. */
function shown(body: Uint8Array | undefined): string | undefined {
  return textOf(body?.subarray(-100));
}

function fail(what: string): never {
  throw new Error(what);
}
