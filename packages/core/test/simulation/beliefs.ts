/** What whoever calls a backend takes its epochs to hold. */
interface Belief {
  readonly epoch: number;
  /** By vnode. */
  readonly digests: ReadonlyMap<string, string>;
  /** `unsure`: it was told neither that the epoch is complete nor that it never will be. */
  state: "asked" | "complete" | "unsure" | "refused";
}

/** An `epochComplete` under way. */
export interface Asked {
  readonly belief: Belief;
  /** What the unchanged vnodes hold, if all that was asked for before succeeds. */
  readonly unchanged: ReadonlyMap<string, string>;
}

/** What `epochComplete` rejects with where it has sealed nothing, and will not. */
const refusals: ReadonlySet<string> = new Set([
  "BaseChanged",
  "VnodeOmitted",
  "AttachmentOmitted",
  "FenceRequired",
  "ReceiptRequired",
  "ReceiptInvalid",
  "SealMismatch",
  "EpochAborted",
  "EpochSuperseded",
]);

/** Kept apart from what the backend remembers: the two must come to the same. */
export class Beliefs {
  #beliefs: Belief[] = [];

  /** A takeover has returned: all goes on from its base. */
  goOnFrom(epoch: number, digests: ReadonlyMap<string, string>): void {
    this.#beliefs = [{ epoch, digests, state: "complete" }];
  }

  /** The newest epoch, if it is known to be complete and nothing later was asked for. */
  get newest(): number | undefined {
    const [top] = this.#below(Infinity);
    return top?.state === "complete" ? top.epoch : undefined;
  }

  /** @param base the epoch that the call names as the one before, if it does */
  ask(
    epoch: number,
    given: ReadonlyMap<string, string>,
    vnodes: readonly number[],
    base: number | undefined,
  ): Asked {
    const before = base === undefined ? this.#below(epoch) : this.#of(base);
    const unchanged = new Map<string, string>();
    for (const vnode of vnodes.map(String)) {
      const digests = new Set(before.map((belief) => belief.digests.get(vnode)));
      const [digest] = digests;
      const isSure = digests.size === 1 && before.every(({ state }) => state !== "unsure");
      if (isSure && digest !== undefined) unchanged.set(vnode, digest);
    }
    const belief: Belief = { epoch, digests: new Map([...unchanged, ...given]), state: "asked" };
    this.#beliefs.push(belief);
    return { belief, unchanged };
  }

  /** The call has failed with that code. */
  failed({ belief }: Asked, code: string): void {
    belief.state = refusals.has(code) ? "refused" : "unsure";
  }

  /** What it takes the highest epoch below `epoch` for: several times if it asked for it several times. */
  #below(epoch: number): readonly Belief[] {
    const below = this.#beliefs.filter((belief) => belief.epoch < epoch && belief.state !== "refused");
    return this.#of(Math.max(...below.map((belief) => belief.epoch)));
  }

  #of(epoch: number): readonly Belief[] {
    return this.#beliefs.filter((belief) => belief.epoch === epoch && belief.state !== "refused");
  }
}
