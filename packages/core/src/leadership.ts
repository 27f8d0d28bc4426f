import { SerialQueue } from "./concurrency.ts";
import type { Control } from "./control.ts";
import { StateError } from "./errors.ts";
import type { Seal } from "./seal.ts";

/**
 * Who this backend is among its peers, what it has claimed, and the history that it goes on from. A restarted process is
 * the same instance, another incarnation.
 */
export class Leadership {
  readonly instanceId: string;
  /** Names one backend object's life. Random. */
  readonly incarnation: string = crypto.randomUUID();
  /** Runs `epochComplete` in the order of the calls. */
  readonly sealing: SerialQueue = new SerialQueue();
  /** Epochs whose seal this backend sent to the store, and of which it does not know whether the seal is there. */
  readonly unresolved: Set<number> = new Set();
  /** Epochs of the calls of `epochComplete` that are under way, or wait for their turn. */
  readonly #asked = new Map<object, number>();
  #authoritativeVersion = 0;
  #claimedVersion: number | undefined;
  #newestSeal: Seal | undefined;
  /** What `takeover` has returned, and the epochs that were asked for before it has. */
  #base: number | undefined;
  #askedBefore: Set<number> = new Set();
  /**
   * The epoch whose anchor was known to be there before a look at control that showed that this backend leads. If another
   * version was claimed after that look, that takeover lists the epoch, and makes it void.
   */
  anchored: number | undefined;

  constructor(instanceId: string) {
    this.instanceId = instanceId;
  }

  /** The lowest assignment version whose writes are accepted; 0 is off. */
  get authoritativeVersion(): number {
    return this.#authoritativeVersion;
  }

  raiseAuthoritativeVersion(version: number): void {
    // rule: authoritative-version-never-lowers
    this.#authoritativeVersion = Math.max(this.#authoritativeVersion, version);
  }

  /** The version that `takeover` claimed. */
  get claimedVersion(): number | undefined {
    return this.#claimedVersion;
  }

  /** `takeover`'s base, or a later epoch of our own that we know is sealed. */
  get newestSeal(): Seal | undefined {
    return this.#newestSeal;
  }

  /** Notes an `epochComplete` that was called, and forgets it when the returned function is called. */
  ask(epoch: number): () => void {
    const call = {};
    this.#asked.set(call, epoch);
    this.#askedBefore.delete(epoch);
    return () => this.#asked.delete(call);
  }

  /**
   * The epoch that is the newest when `epoch` is sealed, if all goes well: the highest below it that was asked for
   * since `takeover`, or is unresolved, or is sealed; else `takeover`'s base.
   */
  expectedBase(epoch: number): number | undefined {
    const sealed = this.#newestSeal === undefined ? [] : [this.#newestSeal.epoch];
    const below = [...this.#asked.values(), ...this.unresolved, ...sealed].filter(
      (other) => other < epoch && !this.#askedBefore.has(other),
    );
    return below.length === 0 ? this.#base : Math.max(...below);
  }

  /** `takeover` has returned: the fence is ours, and the history ends with `base`. @throws `StaleVersion` */
  lead(version: number, base: Seal | undefined): void {
    if (version < (this.#claimedVersion ?? 0)) {
      const message = `version ${this.#claimedVersion} was claimed meanwhile, ${version} is too low`;
      const next = "Go on under the higher one: this backend holds it";
      throw new StateError("StaleVersion", message, {
        sealed: "unknown",
        version: this.#claimedVersion,
        next,
      });
    }
    this.#claimedVersion = version;
    this.anchored = undefined;
    this.raiseAuthoritativeVersion(version);
    this.#newestSeal = base;
    this.#base = base?.epoch;
    // Another call of this backend may seal them yet. Whoever took over goes on from `base`, and knows nothing of them.
    // rule: base-is-what-takeover-returned
    this.#askedBefore = new Set([...this.#asked.values(), ...this.unresolved]);
  }

  /** Whether the epoch can be sealed without a look before. It holds for one call; only its success anchors the next. */
  useAnchor(epoch: number): boolean {
    const isAnchored = this.anchored === epoch;
    this.anchored = undefined;
    // Another call may have found a later seal of an earlier life of ours.
    // rule: anchored-epoch-is-above-the-newest
    return isAnchored && epoch > (this.#newestSeal?.epoch ?? -1);
  }

  /** An epoch's fate is known: `seal` is what was read or created, `undefined` a void, or pruned. */
  resolve(epoch: number, seal: Seal | undefined): void {
    this.unresolved.delete(epoch);
    if (seal?.committer === this.instanceId && epoch > (this.#newestSeal?.epoch ?? -1))
      this.#newestSeal = seal;
  }

  /**
   * Whether someone else than who claimed `version` holds the fence; `undefined`: no version was claimed. Until someone
   * calls `takeover` there is none.
   *
   * A fence of our own that is not listed was deleted because higher ones were there.
   */
  isDeposed({ fence, fences }: Control, version: number | undefined): boolean {
    if (version === undefined) return fence > 0;
    // rule: own-fence-unseen-is-deposed
    return fence > version || !fences.has(version);
  }
}
