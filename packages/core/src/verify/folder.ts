/** One epoch's folder: what lies in it, beside what seals name of it. */
import { unshared } from "../bytes.ts";
import { isStoreError, type StoreError } from "../errors.ts";
import { epochPrefix, parseEpochObject } from "../layout.ts";
import type { Namespace } from "../namespace.ts";
import { sha256Hex } from "../sha256.ts";
import type { ListedObject, ListPage } from "../store.ts";
import { type Finding, finding, type Subject } from "./finding.ts";
import type { NamedObject } from "./named-objects.ts";

/** What an epoch is, to whoever looks at what no seal names of its folder. */
export type FolderState = "sealed" | "unreadable" | "unsealed" | "open" | "below-the-floor";

export interface Folder {
  readonly epoch: number;
  readonly state: FolderState;
  /** What seals name of it, by key. What was found is taken out. */
  readonly named: Map<string, NamedObject>;
  /** Of its listing. */
  readonly pages: AsyncIterable<ListPage>;
}

/** How many objects were looked at. */
export interface Looked {
  objects: number;
  bytes: number;
}

/** Lists the folder, and reads what is named in it if asked. What remains in `named` then was not there. */
export async function* folderFindings(
  namespace: Namespace,
  folder: Folder,
  deep: boolean,
  looked: Looked,
  signal: AbortSignal | undefined,
): AsyncGenerator<Finding, void, undefined> {
  const { named, pages } = folder;
  const left = new Leftovers(folder);
  for await (const { objects } of pages) {
    const pairs = objects.map((listed) => ({ listed, as: named.get(listed.key) }));
    for (const { listed, as } of pairs) {
      named.delete(listed.key);
      looked.objects += 1;
      looked.bytes += listed.size;
      if (as === undefined) left.add(listed);
    }
    const described = pairs.flatMap(({ listed, as }) => (as === undefined ? [] : [{ listed, as }]));
    const results = namespace.mapChunks(
      described.values(),
      ({ listed }) => (deep ? listed.size : 1),
      signal,
      async ({ listed, as }, ahead) => {
        const result = await objectFinding(namespace, listed, as, deep, ahead);
        // It has gone since it was listed: a prune may have deleted it.
        if (result === "gone") named.set(listed.key, as);
        return result;
      },
    );
    for await (const result of results) if (typeof result === "object") yield result;
  }
  yield* left.findings();
}

async function objectFinding(
  namespace: Namespace,
  { key, size: bytes }: ListedObject,
  as: NamedObject,
  deep: boolean,
  signal: AbortSignal,
): Promise<Finding | "gone" | undefined> {
  const subject = { ...subjectOf(key, as), bytes };
  if (as.isDisputed)
    return finding(
      "object-bytes",
      `${key} is described otherwise by another seal: one of them is damaged`,
      subject,
    );
  if (bytes !== as.size)
    return finding(
      "object-size",
      `${key} has ${bytes} bytes, and was sealed with ${as.size}: ${lost(as)}`,
      subject,
    );
  if (!deep || as.sha256 === undefined) return undefined;
  const { client } = namespace;
  let body: Uint8Array | undefined;
  try {
    body = await client.get(key, client.operation(signal, bytes));
  } catch (error) {
    signal.throwIfAborted();
    // What may pass, or has nothing to do with this object, says nothing of it.
    if (!isStoreError(error) || !isOfTheObject(error)) throw error;
    return finding("object-unreadable", `${key} cannot be read (${error.message}): ${lost(as)}`, subject);
  }
  if (body === undefined) return "gone";
  if (body.length === as.size && (await sha256Hex(unshared(body))) === as.sha256) return undefined;
  return finding("object-bytes", `${key} holds other bytes than were sealed: ${lost(as)}`, subject);
}

/** Whether the store can be read, and not this object of it. */
export function isOfTheObject({ code }: StoreError): boolean {
  return code === "Corrupt" || code === "Failed";
}

/** The object is not there, and a seal names it. */
export function missing(key: string, as: NamedObject): Finding {
  return finding("object-missing", `${key} is gone: ${lost(as)}`, subjectOf(key, as));
}

function subjectOf(key: string, { vnode, attachment, from, to }: NamedObject): Subject {
  return { key, epoch: to, vnode, attachment, namedBy: { from, to } };
}

function lost({ vnode, attachment, from, to }: NamedObject): string {
  const what = attachment === undefined ? `vnode ${vnode}` : `attachment ${attachment}`;
  return from === to
    ? `${what} of epoch ${to} cannot be restored`
    : `${what} of epochs ${from} to ${to} cannot be restored`;
}

type LeftoverKind = "foreign" | "left-behind" | "open" | "unnamed" | "unsealed";

/** What no seal names: one finding a kind for the whole folder. */
class Leftovers {
  readonly #folder: Folder;
  readonly #kinds = new Map<LeftoverKind, { first: string; objects: number; bytes: number }>();

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  add({ key, size }: ListedObject): void {
    const kind = this.#kindOf(key);
    if (kind === undefined) return;
    const so = this.#kinds.get(kind) ?? { first: key, objects: 0, bytes: 0 };
    so.objects += 1;
    so.bytes += size;
    this.#kinds.set(kind, so);
  }

  #kindOf(key: string): LeftoverKind | undefined {
    const object = parseEpochObject(key);
    if (object === undefined) return "foreign";
    const { state } = this.#folder;
    if (state === "below-the-floor") return "left-behind";
    // It is what the epoch is known by, or what the next seal needs no look for.
    if (object.kind === "commit" || object.kind === "anchor") return undefined;
    // What its seal named is not known.
    if (state === "unreadable") return undefined;
    return state === "sealed" ? "unnamed" : state;
  }

  *findings(): Generator<Finding, void, undefined> {
    const { epoch } = this.#folder;
    for (const [kind, { first, objects, bytes }] of this.#kinds) {
      const many = objects === 1 ? first : `${objects} objects, such as ${first},`;
      const subject = { key: objects === 1 ? first : epochPrefix(epoch), epoch, objects, bytes };
      yield finding(kind, `${many} ${objects === 1 ? "is" : "are"} ${meanings[kind]}`, subject);
    }
  }
}

const meanings: Readonly<Record<LeftoverKind, string>> = {
  foreign: "not of the protocol: nothing reads or deletes it",
  "left-behind": "below the floor: a prune left it behind, or a writer came late",
  open: "in an epoch without a _COMMIT, above every sealed one: under way, or left by a crash",
  unnamed: "not what was sealed: another attempt's, or a late writer's",
  unsealed: "in an epoch that has no seal",
};
