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
  #authoritativeVersion = 0;
  #claimedVersion: number | undefined;
  #newestSeal: Seal | undefined;

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

  /** `takeover` has returned: the fence is ours, and the history ends with `base`. @throws `StaleVersion` */
  lead(version: number, base: Seal | undefined): void {
    if (version < (this.#claimedVersion ?? 0)) {
      const message = `version ${this.#claimedVersion} was claimed meanwhile, ${version} is too low`;
      throw new StateError("StaleVersion", message, { sealed: "unknown", version: this.#claimedVersion });
    }
    this.#claimedVersion = version;
    this.raiseAuthoritativeVersion(version);
    this.#newestSeal = base;
  }

  /** An epoch's fate is known: `seal` is what was read or created, `undefined` a void, or pruned. */
  resolve(epoch: number, seal: Seal | undefined): void {
    this.unresolved.delete(epoch);
    if (seal?.committer === this.instanceId && epoch > (this.#newestSeal?.epoch ?? -1))
      this.#newestSeal = seal;
  }

  /** Whether someone else than who claimed `version` holds the fence. Until someone calls `takeover` there is none. */
  isDeposed(control: Control, version: number | undefined = this.#claimedVersion): boolean {
    return control.fence > 0 && control.fence !== version;
  }
}
