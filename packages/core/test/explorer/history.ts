import type { Seal } from "../../src/seal.ts";
import type { EpochState } from "../../src/state-backend.ts";
import { bodyId, type Watcher } from "./content.ts";
import { sha256 as sha256Of } from "../simulation/repeatable-globals.ts";
import { uncoded } from "../support/coded.ts";
import { bytesInSeal, keyed } from "../support/keyed.ts";
import { parsePin, ToldPins } from "../support/told-pins.ts";
import { SetFingerprint } from "./fingerprint.ts";

export interface SealEntry {
  /** -1 for an attachment. */
  readonly vnode: number;
  readonly key: string;
  readonly size: number;
  readonly sha256?: string;
}

/** One seal, with what the store held under its keys when it came into being. */
export interface SealRecord {
  readonly id: string;
  readonly epoch: number;
  readonly committer: string;
  readonly incarnation: string;
  readonly version: number;
  /** The epoch that its unchanged vnodes are of, as it says itself. */
  readonly base: number | undefined;
  readonly entries: readonly SealEntry[];
  readonly attachments: readonly (SealEntry & { readonly name: string })[];
  readonly bodies: ReadonlyMap<string, Uint8Array>;
  readonly sentAt: number;
  readonly createdAt: number;
  /** Whether its incarnation holds the fence of its version. */
  readonly isFenced: boolean;
  /** It came into being below the floor: it never counted, and the next prune removes it. */
  readonly isStray: boolean;
  /** The newest seal when it came into being. */
  readonly before: SealRecord | undefined;
}

/** What the store was at one moment. */
export interface View {
  readonly tick: number;
  readonly floor: number;
  readonly fence: number;
  /** The newest sealed epoch; -1: none. */
  readonly newest: number;
  /** Whether the namespace is there. */
  readonly isKnown: boolean;
  /** Every seal so far that counted, and can be read. */
  readonly sealed: readonly SealRecord[];
  /** The epochs whose `_COMMIT` cannot be read, and was never given up. */
  readonly unreadable: readonly number[];
  /** Whether the namespace was lost, and is not recovered. */
  readonly isLost: boolean;
  /** The highest version under which an epoch was given up. */
  readonly gaveUp: number;
  /** How many changes of an epoch's state there were. */
  readonly changes: number;
}

/** What an epoch is; `stray` is a seal that came into being below the floor. */
export type State = EpochState["state"] | "absent" | "stray";

/** A `_COMMIT` that cannot be read. */
interface Damage {
  /** The mark that gives up these bytes. */
  readonly mark: string;
  /** What it was. */
  readonly seal: SealRecord | undefined;
}

interface Returned {
  readonly version: number;
  readonly incarnation: string;
  readonly base: number;
}

/** The invariant of docs/protocol.md that was broken, by a name of its own, and how. */
export interface Violation {
  readonly id: string;
  readonly sentence: string;
}

/** Everything that the store ever held, with an eye on the invariants that concern the store alone. */
export class History implements Watcher {
  floor = 0;
  fence = 0;
  newest = -1;
  vnodeCapacity: number | undefined;
  /** Which incarnation holds the fence of a version. */
  readonly holders: Map<number, string> = new Map();
  /** Every seal that ever was, strays too. */
  readonly seals: SealRecord[] = [];
  /** When each `_COMMIT` came into being that is there now. */
  readonly committedAt: Map<number, number> = new Map();
  /** The seals that are there now. */
  readonly present: Map<number, SealRecord> = new Map();
  readonly everVoid: Set<number> = new Set();
  /** Epochs of which somebody was told that they will never be sealed. */
  readonly toldVoid: Set<number> = new Set();
  /** By incarnation and epoch: when it was last told that its attempt is not sealed. */
  readonly toldNo: Map<string, number> = new Map();
  readonly takeovers: Returned[] = [];
  /** Epochs whose `_COMMIT` was damaged at some time. */
  readonly everDamaged: Set<number> = new Set();
  readonly pins: ToldPins = new ToldPins();
  /** Epochs of which a pin was there at some time. */
  readonly everPinned: Set<number> = new Set();
  isLost = false;
  /** The highest version under which `recover` has given up an epoch. */
  gaveUp = 0;
  /** All that later judgements depend on. */
  readonly facts: SetFingerprint = new SetFingerprint();
  violation: Violation | undefined;
  readonly #known = new Set<string>();
  readonly #ignored: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #voids = new Set<number>();
  /** By epoch. */
  readonly #damage = new Map<number, Damage>();
  /** Every mark that ever was. */
  readonly #marks = new Set<string>();
  readonly #states = new Map<number, State>();
  readonly #changes: { readonly epoch: number; readonly state: State }[] = [];
  #objects: ReadonlyMap<string, Uint8Array> = new Map();

  constructor(now: () => number, ignored: ReadonlySet<string>) {
    this.#now = now;
    this.#ignored = ignored;
  }

  watch(objects: ReadonlyMap<string, Uint8Array>): void {
    this.#objects = objects;
  }

  /** The first violation counts: what follows may follow from it. */
  violate(id: string, sentence: string): void {
    if (!this.#ignored.has(id)) this.violation ??= { id, sentence };
  }

  /** Notes what later judgements depend on: two runs are in the same state only if they agree about it. */
  note(fact: string): void {
    if (this.#known.has(fact)) return;
    this.#known.add(fact);
    this.facts.add(fact);
  }

  get now(): number {
    return this.#now();
  }

  view(): View {
    const { floor, fence, newest, vnodeCapacity, isLost, gaveUp } = this;
    return {
      tick: this.#now(),
      floor,
      fence,
      newest,
      isKnown: vnodeCapacity !== undefined,
      sealed: this.readableSeals(),
      unreadable: this.unreadable(),
      isLost,
      gaveUp,
      changes: this.#changes.length,
    };
  }

  /** The seals that counted, but for those that were damaged. */
  readableSeals(): readonly SealRecord[] {
    return this.seals.filter(({ epoch, isStray }) => !isStray && !this.everDamaged.has(epoch));
  }

  /** The epochs whose `_COMMIT` cannot be read, and was never given up, ascending. */
  unreadable(): readonly number[] {
    return [...this.#damage.keys()].filter((epoch) => !this.isGivenUp(epoch)).toSorted((a, b) => a - b);
  }

  /** Of those the highest, if it is at or above the floor. */
  highestUnreadable(): number | undefined {
    return this.unreadable().findLast((epoch) => epoch >= this.floor);
  }

  /** Whether its damaged `_COMMIT` was given up. */
  isGivenUp(epoch: number): boolean {
    return this.#marks.has(this.#damage.get(epoch)?.mark ?? "");
  }

  isDamaged(epoch: number): boolean {
    return this.#damage.has(epoch);
  }

  /** Everything that each epoch is now, as a list to compare. */
  states(): readonly string[] {
    return [...this.#states].map(([epoch, state]) => `${epoch} ${state}`).toSorted();
  }

  /** By epoch: what it has been since, the first of which it was then. */
  statesSince({ changes }: View): ReadonlyMap<number, ReadonlySet<State>> {
    const since = new Map<number, Set<State>>();
    for (const [index, { epoch, state }] of this.#changes.entries()) {
      const states = since.get(epoch) ?? new Set();
      if (index < changes) states.clear();
      since.set(epoch, states.add(state));
    }
    return since;
  }

  /** The seals of an epoch that counted. */
  sealsOf(epoch: number): readonly SealRecord[] {
    return this.seals.filter((seal) => seal.epoch === epoch && !seal.isStray);
  }

  /** The seal that ever was which says the same. */
  recordOf(seal: Seal): SealRecord | undefined {
    const entries = keyed(seal.partials)
      .map(({ key, sha256 }) => `${key} ${sha256}`)
      .join();
    return this.seals.find(
      (record) =>
        record.epoch === seal.epoch &&
        record.incarnation === seal.incarnation &&
        record.version === seal.assignmentVersion &&
        record.entries.map(({ key, sha256 }) => `${key} ${sha256}`).join() === entries,
    );
  }

  /** What the store holds there now. */
  textAt(key: string): string | undefined {
    const body = this.#objects.get(key);
    return body === undefined ? undefined : textOf(body);
  }

  /** What the partials of a vnode hold that are there. */
  partialsOf(epoch: number, vnode: number): ReadonlySet<string> {
    const folder = `epoch=${epoch}/vnode=${vnode}/`;
    const partials = [...this.#objects].filter(([key]) => key.startsWith(folder));
    return new Set(partials.map(([, body]) => textOf(body)));
  }

  isVoid(epoch: number): boolean {
    return this.#voids.has(epoch);
  }

  /** Somebody was told that the epoch is pinned. */
  tellPinned(epoch: number, name: string): void {
    const what = `12: ${name} was told that ${epoch} is pinned`;
    const seal = this.present.get(epoch);
    if (seal === undefined || seal.isStray) this.violate("pin-of-nothing", `${what}, and it has no seal`);
    for (const { key } of [...(seal?.entries ?? []), ...(seal?.attachments ?? [])])
      if (!key.includes("/inline.") && !this.#objects.has(key))
        this.violate("pin-of-nothing", `${what}, and ${key} is gone`);
    this.pins.tell(epoch, name);
    this.note(`told pinned ${epoch} ${name}`);
  }

  letGo(epoch: number, name: string): void {
    this.pins.letGo(epoch, name);
    this.note(`let go ${epoch} ${name}`);
  }

  /** Somebody was told that the epoch will never be sealed. */
  tellVoid(epoch: number): void {
    this.toldVoid.add(epoch);
    this.note(`told void ${epoch}`);
  }

  created(key: string, body: Uint8Array, sentAt: number): void {
    const control = parseControl(key);
    if (control?.kind === "fence") {
      const { incarnation } = JSON.parse(textOf(body)) as { incarnation: string };
      this.holders.set(control.value, incarnation);
      this.fence = Math.max(this.fence, control.value);
      this.note(`fence ${control.value} ${incarnation}`);
    }
    if (control?.kind === "floor") this.#floorCreated(control.value);
    if (key === namespaceKey) {
      this.vnodeCapacity = (JSON.parse(textOf(body)) as { vnodeCapacity: number }).vnodeCapacity;
      this.isLost = false;
    }
    const pinned = parsePin(key);
    if (pinned !== undefined) {
      this.everPinned.add(pinned.epoch);
      this.note(`pin ${pinned.epoch}`);
    }
    if (parseMark(key) !== undefined) {
      this.#marks.add(key);
      this.note(key);
    }
    this.#committed(key, body, sentAt);
    this.#look(parseEpoch(key) ?? parseMark(key));
  }

  #committed(key: string, body: Uint8Array, sentAt: number): void {
    const epoch = parseCommit(key);
    if (epoch === undefined) return;
    this.committedAt.set(epoch, this.#now());
    if (textOf(body).includes('"void":true')) {
      this.#voids.add(epoch);
      this.everVoid.add(epoch);
      this.note(`void ${epoch}`);
    } else this.#sealed(this.#record(epoch, body, sentAt));
  }

  damaged(key: string, body: Uint8Array | undefined): void {
    this.note(`damaged ${key}`);
    const control = parseControl(key);
    if (control?.kind === "fence") {
      this.holders.delete(control.value);
      const fences = [...this.#objects.keys()].map(parseControl).filter((other) => other?.kind === "fence");
      this.fence = Math.max(0, ...fences.map((fence) => fence?.value ?? 0));
    }
    if (key === namespaceKey) {
      this.vnodeCapacity = undefined;
      this.isLost = body === undefined;
    }
    const epoch = parseCommit(key);
    if (epoch === undefined || body === undefined) return;
    this.everDamaged.add(epoch);
    this.#damage.set(epoch, { mark: markOf(epoch, body), seal: this.present.get(epoch) });
    this.present.delete(epoch);
    this.#voids.delete(epoch);
    const readable = [...this.present.values()].filter(({ isStray }) => !isStray);
    this.newest = Math.max(-1, ...readable.map((seal) => seal.epoch));
    this.#look(epoch);
  }

  /** Notes what the epoch is, if that is another than before. */
  #look(epoch: number | undefined): void {
    if (epoch === undefined) return;
    const state = this.#stateOf(epoch);
    if (this.#states.get(epoch) === state) return;
    this.#states.set(epoch, state);
    this.#changes.push({ epoch, state });
  }

  #stateOf(epoch: number): State {
    if (this.#damage.has(epoch)) return this.isGivenUp(epoch) ? "given-up" : "unreadable";
    const seal = this.present.get(epoch);
    if (seal !== undefined) return seal.isStray ? "stray" : "sealed";
    if (this.#voids.has(epoch)) return "void";
    for (const key of this.#objects.keys()) if (key.startsWith(`epoch=${epoch}/`)) return "open";
    return "absent";
  }

  deleted(key: string): void {
    this.#deleted(key);
    this.#look(parseEpoch(key));
  }

  #deleted(key: string): void {
    const control = parseControl(key);
    if (control !== undefined) {
      const highest = control.kind === "fence" ? this.fence : this.floor;
      if (control.value >= highest)
        this.violate("highest-control-deleted", `4: ${key} was deleted, the highest`);
      return;
    }
    const marked = parseMark(key);
    if (marked !== undefined) {
      if (marked >= this.floor)
        this.violate("mark-deleted", `11: ${key} was deleted, the floor is ${this.floor}`);
      return;
    }
    const pinned = parsePin(key);
    if (pinned !== undefined) {
      if (this.pins.has(pinned.epoch, pinned.name))
        this.violate("told-pin-deleted", `12: ${key} was deleted, and nobody has let go of it`);
      return;
    }
    for (const seal of this.present.values()) {
      const keys = [...seal.entries, ...seal.attachments].map((entry) => entry.key);
      if (this.pins.hold(seal.epoch) && (keys.includes(key) || parseCommit(key) === seal.epoch))
        this.violate("pinned-object-deleted", `12: ${key} was deleted, and ${seal.epoch} is pinned`);
    }
    if (!isOwnKey(key))
      this.violate("foreign-deleted", `11: ${key} was deleted, which is not the protocol's`);
    for (const seal of this.present.values()) {
      const entries = [...seal.entries, ...seal.attachments];
      if (seal.isStray || seal.epoch < this.floor || !entries.some((entry) => entry.key === key)) continue;
      this.violate("needed-object-deleted", `10: ${key} was deleted, the seal of ${seal.epoch} needs it`);
    }
    for (const [damaged, { seal }] of this.#damage) {
      const entries = [...(seal?.entries ?? []), ...(seal?.attachments ?? [])];
      if (damaged < this.floor || this.isGivenUp(damaged)) continue;
      if (entries.some((entry) => entry.key === key))
        this.violate(
          "damaged-needs-deleted",
          `10: ${key} was deleted, the damaged seal of ${damaged} named it`,
        );
    }
    const epoch = parseCommit(key);
    if (epoch === undefined) return;
    if (epoch >= this.floor)
      this.violate("commit-deleted", `11: ${key} was deleted, the floor is ${this.floor}`);
    this.present.delete(epoch);
    this.committedAt.delete(epoch);
    this.#voids.delete(epoch);
    this.#damage.delete(epoch);
  }

  #floorCreated(floor: number): void {
    this.floor = Math.max(this.floor, floor);
    this.note(`floor ${floor}`);
    if (floor > this.newest)
      this.violate(
        "floor-above-newest",
        `5: floor ${floor} was published above the newest seal, ${this.newest}`,
      );
  }

  #record(epoch: number, body: Uint8Array, sentAt: number): SealRecord {
    const seal = JSON.parse(textOf(body)) as {
      committer: string;
      incarnation: string;
      assignmentVersion: number;
      base?: number;
      partials: SealEntry[];
      attachments: (SealEntry & { name: string })[];
    };
    const { committer, incarnation, assignmentVersion: version, base, attachments } = seal;
    const entries = keyed(seal.partials);
    const bodies = new Map<string, Uint8Array>();
    for (const entry of [...entries, ...attachments]) {
      const object = bytesInSeal(entry) ?? this.#objects.get(entry.key);
      if (object !== undefined) bodies.set(entry.key, object);
    }
    const isFenced = version > 0 && this.holders.get(version) === incarnation;
    const isStray = epoch < this.floor;
    const createdAt = this.#now();
    const id = bodyId(body);
    return {
      id,
      epoch,
      committer,
      incarnation,
      version,
      base,
      entries,
      attachments,
      bodies,
      sentAt,
      createdAt,
      isFenced,
      isStray,
      before: this.#before(incarnation),
    };
  }

  /** The seal that whoever made it has in memory counts for itself, though it cannot be read any more. */
  #before(incarnation: string): SealRecord | undefined {
    const own = [...this.#damage.values()].map(({ seal }) => seal);
    const higher = own.filter((seal) => seal?.incarnation === incarnation && seal.epoch > this.newest);
    return higher.toSorted((a, b) => (b?.epoch ?? 0) - (a?.epoch ?? 0))[0] ?? this.present.get(this.newest);
  }

  #sealed(seal: SealRecord): void {
    const { epoch, version, incarnation, isStray, isFenced } = seal;
    this.seals.push(seal);
    this.present.set(epoch, seal);
    this.note(`seal ${seal.id} ${isStray} ${[...seal.bodies.values()].map(bodyId).join(" ")}`);
    if (isStray) return;
    const what = `the seal of ${epoch} by ${seal.committer} under version ${version}`;
    for (const { key, size, sha256: digest } of [...seal.entries, ...seal.attachments]) {
      const body = seal.bodies.get(key);
      if (body?.length !== size || (digest !== undefined && digestOf(body) !== digest))
        this.violate("inventory-not-there", `2: ${what} names ${key}, which is not there as it says`);
    }
    const copied = seal.entries.find(
      ({ key, sha256 }) => sha256 === undefined && !key.startsWith(`epoch=${epoch}/`),
    );
    if (copied !== undefined)
      this.violate(
        "unchanged-without-digest",
        `7: ${what} takes ${copied.key} over, of which it has no digest`,
      );
    const lower = seal.entries.find(({ key }) => !key.startsWith(`epoch=${epoch}/`));
    if (lower !== undefined && !isFenced)
      this.violate("unchanged-without-fence", `7: ${what} takes ${lower.key} over, and holds no fence`);
    const { before } = seal;
    for (const { vnode, key } of isFenced && before !== undefined ? seal.entries : []) {
      const kept = before?.entries.find((entry) => entry.vnode === vnode)?.key;
      if (key.startsWith(`epoch=${epoch}/`) || key === kept) continue;
      const taking = `${what} takes vnode ${vnode} over from ${key}`;
      this.violate("unchanged-not-as-before", `7: ${taking}, the seal before it names ${kept}`);
    }
    for (const taken of this.takeovers) {
      // Without a fence of its own a seal may fill a gap that was there before anybody led.
      if (version < taken.version && (isFenced || epoch > taken.base))
        this.violate(
          "seal-after-takeover",
          `6: ${what} came after takeover ${taken.version} from ${taken.base}`,
        );
    }
    if (isFenced && epoch < this.newest)
      this.violate("seal-below-newest", `11: ${what} came below the newest, ${this.newest}`);
    if (this.toldVoid.has(epoch))
      this.violate("sealed-after-void", `9: ${what} came after it was told to be void`);
    const denied = this.toldNo.get(`${incarnation}/${epoch}`);
    if (denied !== undefined && seal.sentAt < denied)
      this.violate("sealed-after-no", `9: ${what} had been sent when its sender was told "no"`);
    this.newest = Math.max(this.newest, epoch);
  }
}

function parseCommit(key: string): number | undefined {
  const match = /^epoch=(\d+)\/_COMMIT$/.exec(key);
  return match === null ? undefined : Number(match[1]);
}

const namespaceKey = "_control/namespace";

function parseEpoch(key: string): number | undefined {
  const match = /^epoch=(\d+)\//.exec(key);
  return match === null ? undefined : Number(match[1]);
}

/** The epoch that a mark gives up. */
function parseMark(key: string): number | undefined {
  const match = /^_control\/given-up=(\d{16})\./.exec(key);
  return match === null ? undefined : Number(match[1]);
}

function markOf(epoch: number, body: Uint8Array): string {
  return `_control/given-up=${String(epoch).padStart(16, "0")}.${digestOf(body)}`;
}

function parseControl(key: string): { readonly kind: string; readonly value: number } | undefined {
  const match = /^_control\/(fence|floor)=(\d{16})$/.exec(key);
  return match === null ? undefined : { kind: match[1] ?? "", value: Number(match[2]) };
}

function isOwnKey(key: string): boolean {
  return /^epoch=\d+\/(_COMMIT|_ANCHOR|vnode=\d+\/chunk\.[0-9a-f]{64}\.bin|(vnode=\d+\/partial|attachment\/[^/]+\/data)(\.[0-9a-f]{64})?\.bin)$/.test(
    key,
  );
}

const digests = new WeakMap<Uint8Array, string>();

function digestOf(body: Uint8Array): string {
  const found = digests.get(body) ?? sha256Of(body);
  digests.set(body, found);
  return found;
}

/** What was given: a codec's mark is left out. */
export function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(uncoded(body));
}
