import type { Seal } from "../../src/seal.ts";
import { uncoded } from "../support/coded.ts";
import { bytesInSeal, keyed } from "../support/keyed.ts";
import { parsePin, ToldPins } from "../support/told-pins.ts";
import { sha256 } from "./repeatable-globals.ts";
import type { Origin, Watcher } from "./store-server.ts";

export interface SealEntry {
  /** `0`, `1` … for a vnode, `offsets` for an attachment. */
  readonly of: string;
  readonly key: string;
  readonly size: number;
  readonly sha256?: string;
  /** What was given, if a codec wrote it. */
  readonly plain?: { readonly sha256: string };
}

/** One seal, with what the store held under its keys when it came into being. */
export interface SealRecord {
  readonly epoch: number;
  readonly committer: string;
  readonly incarnation: string;
  readonly version: number;
  readonly entries: readonly SealEntry[];
  readonly bodies: ReadonlyMap<string, Uint8Array>;
  readonly text: string;
  /** Whether its incarnation holds the fence of its version. */
  readonly isFenced: boolean;
  /** It landed below the floor: it is not part of the history, and the next prune removes it. */
  readonly isStray: boolean;
  /** When it landed, and which epoch was the newest then. */
  readonly tick: number;
  readonly before: number;
}

/** What the store shows at one moment. */
export interface View {
  readonly tick: number;
  readonly floor: number;
  readonly fence: number;
  /** The newest sealed epoch; -1: none. */
  readonly newest: number;
}

interface Returned {
  readonly version: number;
  readonly base: number;
}

/** The store's history as it happens, with an eye on the rules that concern the store alone. */
export class History implements Watcher {
  readonly violations: string[] = [];
  /** Whether somebody tampered with the store. */
  isDamaged = false;
  floor = 0;
  fence = 0;
  newest = -1;
  /** Which incarnation holds the fence of a version. */
  readonly holders: Map<number, string> = new Map();
  /** The seals that are in the store now, by epoch. */
  readonly seals: Map<number, SealRecord> = new Map();
  /** Every seal that ever was. */
  readonly everSealed: SealRecord[] = [];
  /** When an epoch was sealed for the first time. */
  readonly sealedAt: Map<number, number> = new Map();
  readonly everVoid: Set<number> = new Set();
  /** Digests of what was ever written under a key, as it was given. */
  readonly everWritten: Map<string, Set<string>> = new Map();
  readonly epochsEver: Set<number> = new Set();
  controlsEver = 0;
  /** Epochs of which somebody was told that they will never be sealed. */
  readonly neverSealed: Set<number> = new Set();
  /** By incarnation and epoch: when it was told that the epoch is not sealed. */
  readonly toldNo: Map<string, number> = new Map();
  readonly pins: ToldPins = new ToldPins();
  /** Takeovers that have returned. */
  readonly takeovers: Returned[] = [];
  /** What was decided so far: controls and `_COMMIT`s that were created, by incarnation, and floors. */
  readonly decisions: Map<string, number> = new Map();
  /** Everything that was created or deleted so far. */
  changes = 0;
  /** Names a page. */
  readonly pageSize: number;
  readonly #voids = new Set<number>();
  readonly #now: () => number;
  readonly #objects: () => ReadonlyMap<string, Uint8Array>;

  constructor(pageSize: number, now: () => number, objects: () => ReadonlyMap<string, Uint8Array>) {
    this.pageSize = pageSize;
    this.#now = now;
    this.#objects = objects;
  }

  violate(invariant: string, what: string): void {
    // What was damaged may be missing; but nobody may take it for what it was.
    if (this.isDamaged && invariant !== "3" && invariant !== "7") return;
    this.violations.push(`${invariant}: ${what}`);
  }

  view(): View {
    return { tick: this.#now(), floor: this.floor, fence: this.fence, newest: this.newest };
  }

  isVoid(epoch: number): boolean {
    return this.#voids.has(epoch);
  }

  /** Somebody was told that the epoch is pinned. */
  tellPinned(epoch: number, name: string): void {
    const seal = this.seals.get(epoch);
    if (seal?.isStray !== false)
      this.violate("12", `${epoch} was pinned as ${name}, and no seal of it counts`);
    for (const entry of seal?.entries ?? []) {
      if (bytesInSeal(entry) === undefined && this.body(entry.key) === undefined)
        this.violate("12", `${epoch} was pinned as ${name}, and ${entry.key} is gone`);
    }
    this.pins.tell(epoch, name);
  }

  /** Whether the epoch was ever sealed at or above the floor. */
  wasSealed(epoch: number): boolean {
    return this.everSealed.some((seal) => seal.epoch === epoch && !seal.isStray);
  }

  /** Whether the namespace has only seals of leaders that hold a fence: only those promise one history. */
  get isFenced(): boolean {
    return this.everSealed.every(({ isFenced }) => isFenced);
  }

  /** How much was decided by others. */
  decidedByOthers(incarnation: string): number {
    let sum = 0;
    for (const [who, count] of this.decisions) if (who !== incarnation) sum += count;
    return sum;
  }

  created(key: string, body: Uint8Array, origin: Origin): void {
    this.changes += 1;
    if (/\/(?:vnode=|attachment\/)/.test(key)) {
      const digests = this.everWritten.get(key) ?? new Set<string>();
      this.everWritten.set(key, digests.add(sha256(uncoded(body))));
    }
    if (key.startsWith("_control/")) this.controlsEver += 1;
    const folder = /^epoch=(\d+)\//.exec(key)?.[1];
    if (folder !== undefined) this.epochsEver.add(Number(folder));
    const control = parseControl(key);
    if (control?.kind === "fence") this.#fenceCreated(control.value, body);
    else if (control?.kind === "floor") this.#floorCreated(control.value);
    if (control?.kind === "floor") this.#decided("a floor");
    const epoch = parseCommit(key);
    if (epoch === undefined) return;
    const text = textOf(body);
    const record = JSON.parse(text) as Readonly<Record<string, unknown>>;
    this.#decided(String(record["incarnation"]));
    if (record["void"] === true) {
      this.#voids.add(epoch);
      this.everVoid.add(epoch);
    } else this.#sealed(sealRecord(epoch, text, this, this.#now()), origin);
  }

  deleted(key: string): void {
    this.changes += 1;
    const control = parseControl(key);
    if (control !== undefined) {
      const highest = control.kind === "fence" ? this.fence : this.floor;
      if (control.value >= highest) this.violate("4", `the highest ${key} was deleted`);
      return;
    }
    const pin = parsePin(key);
    if (pin !== undefined) {
      if (this.pins.has(pin.epoch, pin.name))
        this.violate("12", `${key} was deleted, and nobody has let go of it`);
      return;
    }
    const epoch = Number(/^epoch=(\d+)\//.exec(key)?.[1] ?? Number.NaN);
    if (!(epoch >= 0)) return this.violate("8", `${key} was deleted, which is not the protocol's to delete`);
    for (const seal of this.seals.values()) {
      const isItsSeal = key === `epoch=${seal.epoch}/_COMMIT`;
      if (this.pins.hold(seal.epoch) && (isItsSeal || seal.entries.some((entry) => entry.key === key)))
        this.violate("12", `${key} was deleted, and ${seal.epoch} is pinned`);
      if (!seal.entries.some((entry) => entry.key === key)) continue;
      if (seal.epoch >= this.floor)
        this.violate("10", `${key} was deleted, the seal of ${seal.epoch} needs it`);
      else if (seal.epoch === epoch && !seal.isStray)
        this.violate("8", `${key} was deleted before the seal of ${epoch}`);
    }
    if (key === `epoch=${epoch}/_COMMIT`) this.#commitDeleted(epoch);
    else if (epoch >= this.floor && !this.#voids.has(epoch))
      this.violate("2", `${key} was deleted, though ${epoch} may still be sealed`);
  }

  #decided(incarnation: string): void {
    this.decisions.set(incarnation, (this.decisions.get(incarnation) ?? 0) + 1);
  }

  #fenceCreated(version: number, body: Uint8Array): void {
    const { incarnation } = JSON.parse(textOf(body)) as { incarnation: string };
    this.#decided(incarnation);
    this.holders.set(version, incarnation);
    this.fence = Math.max(this.fence, version);
  }

  #floorCreated(floor: number): void {
    this.floor = Math.max(this.floor, floor);
    if (floor > this.newest)
      this.violate("5", `floor ${floor} was published above the newest sealed epoch ${this.newest}`);
  }

  #commitDeleted(epoch: number): void {
    if (epoch >= this.floor) this.violate("11", `the _COMMIT of ${epoch} was deleted at or above the floor`);
    this.seals.delete(epoch);
    this.#voids.delete(epoch);
  }

  #sealed(seal: SealRecord, origin: Origin): void {
    const { epoch, version, incarnation } = seal;
    const before = this.newest;
    this.seals.set(epoch, seal);
    this.everSealed.push(seal);
    if (seal.isStray) return;
    const what = `the seal of ${epoch} by ${seal.committer} under version ${version}`;
    this.#checkInventory(seal, what);
    for (const taken of this.takeovers) {
      // Without a fence of its own a seal may fill a gap that was there before anybody led.
      const isShutOut = version < taken.version && (seal.isFenced || epoch > taken.base);
      if (isShutOut) this.violate("6", `${what} came after takeover ${taken.version} from ${taken.base}`);
    }
    if (seal.isFenced && epoch < before) this.violate("11", `${what} came below ${before}`);
    if (this.neverSealed.has(epoch)) this.violate("9", `${what} came after it was told to be void`);
    const denied = this.toldNo.get(`${incarnation}/${epoch}`);
    if (denied !== undefined && origin.sentAt < denied)
      this.violate("9", `${what} was on its way when its sender was told "no"`);
    this.newest = Math.max(before, epoch);
    if (!this.sealedAt.has(epoch)) this.sealedAt.set(epoch, this.#now());
  }

  #checkInventory(seal: SealRecord, what: string): void {
    const before = this.seals.get(this.newest);
    for (const { of, key, size, sha256: digest } of seal.entries) {
      const body = seal.bodies.get(key);
      if (body === undefined) this.violate("2", `${what} names ${key}, which is not there`);
      else if (body.length !== size || (digest !== undefined && sha256(body) !== digest))
        this.violate("2", `${what} describes other bytes than ${key} has`);
      if (key.startsWith(`epoch=${seal.epoch}/`)) continue;
      const base = before?.entries.find((entry) => entry.of === of);
      if (base?.key !== key)
        this.violate("7", `${what} takes ${of} over from ${key}, the seal before it names ${base?.key}`);
    }
  }

  /** The seal that a backend gave out, as it came into being. */
  recordOf(seal: Seal): SealRecord | undefined {
    const text = JSON.stringify(seal);
    return this.everSealed.find(
      (record) =>
        record.epoch === seal.epoch &&
        record.incarnation === seal.incarnation &&
        record.entries.length === keyed(seal.partials).length + seal.attachments.length &&
        (record.text === text || sameEntries(record, seal)),
    );
  }

  /** What the store holds under a key now. */
  body(key: string): Uint8Array | undefined {
    return this.#objects().get(key);
  }

  /** The keys that the store holds now. */
  keys(): Iterable<string> {
    return this.#objects().keys();
  }
}

function sealRecord(epoch: number, text: string, history: History, tick: number): SealRecord {
  const seal = JSON.parse(text) as {
    committer: string;
    incarnation: string;
    assignmentVersion: number;
    partials: (Omit<SealEntry, "of"> & { vnode: number })[];
    attachments: (Omit<SealEntry, "of"> & { name: string })[];
  };
  const entries = [
    ...keyed(seal.partials).map((entry) => ({ ...entry, of: String(entry.vnode) })),
    ...seal.attachments.map((entry) => ({ ...entry, of: entry.name })),
  ];
  const bodies = new Map<string, Uint8Array>();
  for (const entry of entries) {
    const body = bytesInSeal(entry) ?? history.body(entry.key);
    if (body !== undefined) bodies.set(entry.key, body);
  }
  const { committer, incarnation, assignmentVersion: version } = seal;
  const isFenced = version > 0 && history.holders.get(version) === incarnation;
  return {
    epoch,
    committer,
    incarnation,
    version,
    entries,
    bodies,
    text,
    isFenced,
    isStray: epoch < history.floor,
    tick,
    before: history.newest,
  };
}

function sameEntries(record: SealRecord, seal: Seal): boolean {
  const keys = new Set(
    [...keyed(seal.partials), ...seal.attachments].map(({ key, sha256: digest }) => `${key} ${digest}`),
  );
  return record.entries.every((entry) => keys.has(`${entry.key} ${entry.sha256}`));
}

function parseCommit(key: string): number | undefined {
  const match = /^epoch=(\d+)\/_COMMIT$/.exec(key);
  return match === null ? undefined : Number(match[1]);
}

function parseControl(key: string): { kind: string; value: number } | undefined {
  const match = /^_control\/(fence|floor)=(\d{16})$/.exec(key);
  return match === null ? undefined : { kind: match[1] ?? "", value: Number(match[2]) };
}

export function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}
