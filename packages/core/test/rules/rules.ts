/** One rule of the protocol, and the edit of the source that takes it out. */
export interface Rule {
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const rules: readonly Rule[] = [
  {
    rule: "other bytes than those that came first go to a key of their own",
    file: "calls/write.ts",
    find: "if (sameBytes(found, body)) return",
    replace: "return",
  },
  {
    rule: "a write below the authoritative version is stale",
    file: "incarnation.ts",
    find: "if (assignmentVersion >= this.#authoritativeVersion) return;",
    replace: "if (assignmentVersion >= 0) return;",
  },
  {
    rule: "a receipt below the claimed fence is stale",
    file: "calls/complete.ts",
    find: "receipt.assignmentVersion < claimed,",
    replace: "receipt.assignmentVersion < 0,",
  },
  {
    rule: "open takes the highest fence as the authoritative version",
    file: "incarnation.ts",
    find: "this.#authoritativeVersion = options.fence;",
    replace: "this.#authoritativeVersion = 0;",
  },
  {
    rule: "a number for what another backend wrote needs its receipt",
    file: "calls/complete.ts",
    find: "if (!this.#self.acceptListed || key === undefined) {",
    replace: "if (key === undefined) {",
  },
  {
    rule: "another incarnation's seal covers no bare number",
    file: "calls/coverage.ts",
    find: "if (seal.incarnation === self.id) return undefined;",
    replace: "if (seal.incarnation !== undefined) return undefined;",
  },
  {
    rule: "a seal must cover the receipts that were asked about",
    file: "calls/coverage.ts",
    find: "if (!covers(findPartial(seal, receipt.vnode), receipt)) return",
    replace: "if (findPartial(seal, receipt.vnode) === undefined) return",
  },
  {
    rule: "a seal must cover what this backend wrote",
    file: "calls/coverage.ts",
    find: "return covers(entry, own) ? undefined : otherBytes(vnode);",
    replace: "return undefined;",
  },
  {
    rule: "a vnode that the seal does not name is a mismatch",
    file: "calls/coverage.ts",
    find: "if (entry === undefined) return mismatch(",
    replace: "if (entry === undefined) return epoch >= 0 ? undefined : mismatch(",
  },
  {
    rule: "parts and unchanged both empty is an error",
    file: "calls/complete-request.ts",
    find: "if (args.parts.length === 0 && unchanged.length === 0) {",
    replace: "if (epoch < 0) {",
  },
  {
    rule: "epochComplete looks at the fence before it seals",
    file: "calls/complete.ts",
    find: `    if (self.isDeposed(control))
      throw await`,
    replace: `    if (epoch < 0)
      throw await`,
  },
  {
    rule: "epochComplete looks at the fence after the seal is there",
    file: "calls/complete.ts",
    find: `    if (self.isDeposed(control)) {
      throw this.#error`,
    replace: `    if (epoch < 0) {
      throw this.#error`,
  },
  {
    rule: "pruneBefore looks at the fence",
    file: "calls/prune.ts",
    find: "if (!asOperator && self.isDeposed(control)) {",
    replace: "if (before < 0) {",
  },
  {
    rule: "epochComplete looks at the floor before it seals",
    file: "calls/complete.ts",
    find: "if (control.floor > epoch) throw self.pruned(epoch, control.floor);\n    const newest",
    replace: "const newest",
  },
  {
    rule: "epochComplete looks at the floor after the seal is there",
    file: "calls/complete.ts",
    find: `if (control.floor > epoch) throw self.pruned(epoch, control.floor, { sealed: "yes", committer });`,
    replace: "",
  },
  {
    rule: "every way to success ends with a listing sent after the seal was there",
    file: "calls/complete.ts",
    find: `      self.resolve(epoch, seal);
      return this.#confirm(seal, undefined);`,
    replace: `      self.resolve(epoch, seal);
      return { complete: true, seal };`,
  },
  {
    rule: "a listing sent beside the reading back does not count when the seal is gone",
    file: "calls/complete.ts",
    find: "if (read.value === undefined) throw await this.#vanished(lost);",
    replace: `if (read.value === undefined) throw control?.status === "fulfilled" && control.value.floor <= epoch ? this.#unknown(lost) : await this.#vanished(lost);`,
  },
  {
    rule: "the horizon is never above the newest seal",
    file: "calls/prune.ts",
    find: "Math.min(before, seal?.epoch ?? 0)",
    replace: "before",
  },
  {
    rule: "an epoch whose seal could not be deleted keeps its objects",
    file: "calls/prune.ts",
    find: "if (undeleted.has(commitKey(epoch))) {",
    replace: "if (epoch < 0) {",
  },
  {
    rule: "an object that a seal names and that is gone is an error",
    file: "sealed-epoch.ts",
    find: "    if (body === undefined) {\n      throw",
    replace: "    if (body === undefined) {\n      return undefined as unknown as Uint8Array;\n      throw",
  },
  {
    rule: "an object that a pruned seal names is pruned, not lost",
    file: "sealed-epoch.ts",
    find: "if (floor > epoch) throw self.pruned(epoch, floor, details);",
    replace: "",
  },
  {
    rule: "readPartial without a _COMMIT looks at the floor last",
    file: "calls/read-partial.ts",
    find: `  if (commit === undefined) {
    // No`,
    replace: `  if (epoch < 0) {
    // No`,
  },
  {
    rule: "failed deletes are counted",
    file: "calls/prune.ts",
    find: "for (const failure of failures) this.#fail(failure);",
    replace: "",
  },
  {
    rule: "an error of a create is read back",
    file: "calls/complete.ts",
    find: 'const lost = answer.outcome === "failed" ? answer.error : undefined;',
    replace:
      'const lost = answer.outcome === "failed" ? answer.error : undefined;\n    if (lost !== undefined) throw this.#unknown(lost);',
  },
  {
    rule: "control is listed after the seals were read (latest)",
    file: "calls/latest.ts",
    find: "if (seal === undefined ? floor === 0 : seal.epoch >= floor) return { seal, floor };",
    replace: "return { seal, floor };",
  },
  {
    rule: "no seal while a floor exists starts over (sealedEpochs)",
    file: "calls/sealed-epochs.ts",
    find: "if (answer.length > 0 || floor === 0 || after >= floor) return answer;",
    replace: "return answer;",
  },
  {
    rule: "what lies below the highest seal is read once more (sealedEpochs)",
    file: "calls/sealed-epochs.ts",
    find: "epochs.filter((epoch) => epoch > after && epoch >= floor",
    replace: "epochs.filter((epoch) => epoch < 0",
  },
  {
    rule: "takeover makes void the epochs above the newest seal",
    file: "calls/takeover.ts",
    find: "const voided: Voided = await voidEpoch(self, epoch, signal);",
    replace: `const { readCommit, sealOf } = await import("../commit.ts");
    const commit = await readCommit(self, epoch, self.client.operation(signal));
    const seal = commit === undefined ? undefined : await sealOf(self, epoch, commit, signal);
    const voided = (seal === undefined ? { state: "void" } : { state: "sealed", seal }) as Voided;`,
  },
  {
    rule: "an earlier epoch of unknown outcome is settled first",
    file: "calls/complete.ts",
    find: "    await this.#settleEarlier();\n",
    replace: "",
  },
  {
    rule: "where an earlier epoch cannot be settled nothing is sealed",
    file: "calls/complete.ts",
    find: `if (voided.state === "void" || voided.state === "sealed") continue;`,
    replace: "continue;",
  },
  {
    rule: "an epoch below the newest seal, or below one of unknown outcome, is superseded",
    file: "calls/complete.ts",
    find: "    if (epoch < later) {",
    replace: "    if (epoch < 0) {",
  },
  {
    rule: "the fence holds the incarnation",
    file: "calls/takeover.ts",
    find: `if (holder?.["incarnation"] === self.id) return;`,
    replace: `if (holder?.["instanceId"] === self.instanceId) return;`,
  },
  {
    rule: "the fence is held from the moment takeover returns",
    file: "calls/takeover.ts",
    find: "  await claimFence(self, version, signal);\n",
    replace: "  await claimFence(self, version, signal);\n  self.lead(version, undefined);\n",
  },
  {
    rule: "what retained seals name is kept",
    file: "calls/prune.ts",
    find: "if ((parseEpochObject(key)?.epoch ?? horizon) < horizon) kept.add(key);",
    replace: "",
  },
  {
    rule: "a prune whose newest seal is gone stops",
    file: "calls/prune.ts",
    find: "return newestSeen ? kept : undefined;",
    replace: "return kept;",
  },
  {
    rule: "an epoch that writes nothing of its own creates an anchor",
    file: "calls/complete.ts",
    find: "    await this.#anchor();\n",
    replace: "",
  },
  {
    rule: "the anchor is known to be there before the epoch is sealed",
    file: "calls/complete.ts",
    find: `if (answer.outcome !== "failed") return;\n    if (!answer.definite`,
    replace: `if (this.#epoch >= 0) return;\n    if (!answer.definite`,
  },
  {
    rule: "the newest seal is known as soon as its create was answered `created`",
    file: "calls/complete.ts",
    find: `      self.resolve(epoch, seal);
      return this.#confirm(seal, undefined);`,
    replace: `      self.unresolved.delete(epoch);
      const outcome = await this.#confirm(seal, undefined);
      self.resolve(epoch, seal);
      return outcome;`,
  },
  {
    rule: "unchanged needs a fence",
    file: "calls/complete.ts",
    find: "if (request.unchanged.length > 0 && self.claimedVersion === undefined) {",
    replace: "if (epoch < 0) {",
  },
  {
    rule: "an epoch that turns out sealed on settling is the newest",
    file: "commit.ts",
    find: `  self.resolve(epoch, seal);\n  return { state: "sealed", seal };`,
    replace: `  self.unresolved.delete(epoch);\n  return { state: "sealed", seal };`,
  },
  {
    rule: "a _COMMIT is read by its whole key",
    file: "commit.ts",
    find: "const body = await self.client.get(commitKey(epoch), operation);",
    replace: `let body: Uint8Array | undefined;
  for await (const { key } of self.listEpoch(epoch, undefined)) {
    if (key.endsWith("/_COMMIT")) body = await self.client.get(key, operation);
  }`,
  },
  {
    rule: "takeover answers an epoch above everything seen",
    file: "calls/takeover.ts",
    find: "return highest + 1;",
    replace: "return highest;",
  },
  {
    rule: "prune lists the epochs that exist",
    file: "calls/prune.ts",
    find: "epochs.filter((epoch) => epoch < horizon)",
    replace: "Array.from({ length: horizon }, (_, epoch) => epoch)",
  },
  {
    rule: "prune lists what exists, also below a floor that was published before",
    file: "calls/prune.ts",
    find: "if (horizon > floor) await this.#publishFloor(horizon);",
    replace: "if (horizon === floor) return this.#report(floor);\n    await this.#publishFloor(horizon);",
  },
  {
    rule: "absent on reading back is not final",
    file: "calls/complete.ts",
    find: "if (floor <= this.#epoch) return this.#unknown(cause);",
    replace: `if (floor <= this.#epoch) return this.#error("StoreFailed", "lost", { sealed: "no", cause });`,
  },
  {
    rule: "an epoch of unknown outcome may be asked for again",
    file: "calls/complete.ts",
    find: "    if (epoch < later) {",
    replace: "    if (epoch <= later) {",
  },
  {
    rule: "abort leaves a void",
    file: "commit.ts",
    find: `if (answer.outcome === "created") return voided(self, epoch);`,
    replace: `if (answer.outcome === "created") {
    await self.client.delete([commitKey(epoch)], undefined);
    return voided(self, epoch);
  }`,
  },
  {
    rule: "an epoch's prefix ends in a slash",
    file: "calls/prune.ts",
    find: "epochs.filter((epoch) => epoch < horizon)",
    replace: "epochs.filter((epoch) => epoch < horizon || String(epoch).startsWith(String(horizon - 1)))",
  },
  {
    rule: "below the floor an error never says `no`",
    file: "calls/complete.ts",
    find: `if (floor <= epoch) return this.#error(code, message, { ...details, sealed: "no" });`,
    replace: `if (floor >= 0) return this.#error(code, message, { ...details, sealed: "no" });`,
  },
  {
    rule: "an error never says `no` while a create of the epoch is unresolved",
    file: "calls/complete.ts",
    find: "if (this.#self.unresolved.has(epoch))",
    replace: "if (epoch < 0)",
  },
  {
    rule: "an error says `yes` once a seal was read",
    file: "calls/complete.ts",
    find: `this.#error("SplitBrainCommit", message, { sealed: "yes", committer })`,
    replace: `this.#error("SplitBrainCommit", message, { sealed: "no", committer })`,
  },
  {
    rule: "abort looks at the floor",
    file: "calls/abort.ts",
    find: "if (floor > epoch) throw self.pruned(epoch, floor);",
    replace: "",
  },
  {
    rule: "an error is definite only if every attempt was refused",
    file: "store-client.ts",
    find: "if (!isStoreError(error) || !definiteCodes.has(error.code)) definite = false;",
    replace: "",
  },
];
