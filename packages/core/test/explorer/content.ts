import type { Change } from "./conflicts.ts";
import { fingerprint, SetFingerprint } from "./fingerprint.ts";

/** Is told of every change when it takes effect. */
export interface Watcher {
  created(key: string, body: Uint8Array, sentAt: number): void;
  deleted(key: string): void;
  /** No request did it: the object holds other bytes, or is gone. */
  damaged(key: string, body: Uint8Array | undefined): void;
}

/** A create, or a delete where there is no body. */
export interface StoreChange {
  readonly key: string;
  readonly body: Uint8Array | undefined;
  /** Whether no request did it. */
  readonly isDamage?: boolean;
}

/** What a store holds. */
export class Content {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly fingerprint: SetFingerprint = new SetFingerprint();
  /** How it came to hold it. */
  readonly changes: StoreChange[] = [];
  readonly #watcher: Watcher;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  create(key: string, body: Uint8Array, sentAt: number): "created" | "exists" {
    if (this.objects.has(key)) return "exists";
    this.objects.set(key, body);
    this.changes.push({ key, body });
    this.fingerprint.add(`${key} ${bodyId(body)}`);
    this.#watcher.created(key, body, sentAt);
    return "created";
  }

  delete(key: string): void {
    const body = this.objects.get(key);
    if (body === undefined) return;
    this.objects.delete(key);
    this.changes.push({ key, body: undefined });
    this.fingerprint.remove(`${key} ${bodyId(body)}`);
    this.#watcher.deleted(key);
  }

  /** Puts other bytes under a key, or takes it away, as no request of the protocol does. */
  damage(key: string, body: Uint8Array | undefined): void {
    const before = this.objects.get(key);
    if (before !== undefined) this.fingerprint.remove(`${key} ${bodyId(before)}`);
    if (body === undefined) this.objects.delete(key);
    else {
      this.objects.set(key, body);
      this.fingerprint.add(`${key} ${bodyId(body)}`);
    }
    this.changes.push({ key, body, isDamage: true });
    this.#watcher.damaged(key, body);
  }

  /** With the delimiter: what stands in the root, folders as names that end in `/`. */
  names(prefix: string, delimiter: "/" | undefined): readonly string[] {
    const names = new Set<string>();
    for (const key of this.objects.keys()) {
      if (!key.startsWith(prefix)) continue;
      names.add(delimiter === undefined ? key : folderOf(key, prefix));
    }
    return [...names].toSorted();
  }

  has(name: string): boolean {
    return name.endsWith("/") ? this.#hasFolder(name) : this.objects.has(name);
  }

  /** What a create or a delete of the key would change now; `undefined` if nothing. */
  change(key: string, creates: boolean): Change | undefined {
    if (this.objects.has(key) === creates) return undefined;
    const folder = folderOf(key, "");
    return { key, folder, changesFolder: !this.#hasFolder(folder, key) };
  }

  #hasFolder(folder: string, besides = ""): boolean {
    for (const key of this.objects.keys()) if (key.startsWith(folder) && key !== besides) return true;
    return false;
  }
}

function folderOf(key: string, prefix: string): string {
  return key.slice(0, key.indexOf("/", prefix.length) + 1 || undefined);
}

const bodyIds = new WeakMap<Uint8Array, string>();

export function bodyId(body: Uint8Array): string {
  const found = bodyIds.get(body) ?? fingerprint(Buffer.from(body).toString("latin1"));
  bodyIds.set(body, found);
  return found;
}

/** Bytes with it are damage, and no JSON. */
export const damageMark = "damaged";

/** A body as a schedule shows it. */
export function shownBody(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  if (!text.startsWith("{") || text.includes(damageMark)) return text;
  const {
    void: isVoid,
    committer,
    by,
    incarnation = "",
  } = JSON.parse(text) as Record<string, string | undefined>;
  const who = `${committer ?? by ?? ""} ${incarnation.slice(-4)} ${bodyId(body).slice(0, 6)}`;
  return isVoid === undefined ? `{${who}}` : `{void ${who}}`;
}
