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
    find: "if (parts.length === 0 && unchanged.length === 0) {",
    replace: "if (epoch < 0) {",
  },
  {
    rule: "epochComplete looks at the fence before it seals",
    file: "calls/complete.ts",
    find: "    if (self.isDeposed(control, this.#claimed))\n      throw await",
    replace: "    if (epoch < 0)\n      throw await",
  },
  {
    rule: "epochComplete looks at the fence after the seal is there",
    file: "calls/complete.ts",
    find: "    if (self.isDeposed(control, this.#claimed)) {",
    replace: "    if (epoch < 0) {",
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
    find: "if (seal === undefined ? floor === 0 : seal.epoch >= floor) return { seal, epochs, control };",
    replace: "return { seal, epochs, control };",
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
    find: "(epoch) => epoch > after && epoch >= control.floor",
    replace: "(epoch) => epoch < 0",
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
    find: "definite: sent > 0 && sent === refused",
    replace: "definite: refused >= 0",
  },
  {
    rule: "open refuses another capacity before anything is written",
    file: "calls/open.ts",
    find: "if (found !== undefined) checkNamespace(found, vnodeCapacity);",
    replace: "",
  },
  {
    rule: "open creates the namespace until a create answers `exists`",
    file: "calls/open.ts",
    find: "      there = true;\n      continue;",
    replace: "      return;",
  },
  {
    rule: "open compares the namespace that someone else created first",
    file: "calls/open.ts",
    find: "  if (there) return;\n",
    replace: "  if (there || !there) return;\n",
  },
  {
    rule: "what is sent is a private copy",
    file: "calls/write.ts",
    find: "const body = new Uint8Array(bytes);",
    replace: "const body = bytes as Uint8Array<ArrayBuffer>;",
  },
  {
    rule: "the same bytes written again are a success",
    file: "calls/write.ts",
    find: "if (sameBytes(found, body)) return { key: keys.first, size, sha256 };",
    replace: "",
  },
  {
    rule: "a write that failed is no receipt",
    file: "calls/write.ts",
    find: 'if (answer.outcome === "failed") throw failed(answer.error);\n    if (tries',
    replace: 'if (answer.outcome === "failed") return { key: keys.first, size, sha256 };\n    if (tries',
  },
  {
    rule: "with acceptListed the epoch is listed first, then control",
    file: "calls/complete.ts",
    find: "    if (this.#self.acceptListed) {\n      // What",
    replace: "    if (this.#epoch < 0) {\n      // What",
  },
  {
    rule: "with acceptListed several partials are ambiguous",
    file: "calls/complete.ts",
    find: "    if (listed.length > 1) {",
    replace: "    if (listed.length < 0) {",
  },
  {
    rule: "the anchor is there before the epoch is listed",
    file: "calls/complete.ts",
    find: "    await this.#anchor();\n    const control = await this.#list();",
    replace: "    const control = await this.#list();\n    await this.#anchor();",
  },
  {
    rule: "one seal is created at a time, in the order of the calls",
    file: "calls/complete.ts",
    find: "return self.sealing.run(signal, () => new Completion(self, request, signal).run());",
    replace: "return new Completion(self, request, signal).run();",
  },
  {
    rule: "a receipt whose object is absent is lost, not missing",
    file: "calls/complete.ts",
    find: "    if (size === receipt.size) return receipt;",
    replace: "    if (size === receipt.size || size === undefined) return receipt;",
  },
  {
    rule: "an unchanged vnode is looked up after earlier epochs are settled",
    file: "calls/complete.ts",
    find: "    await this.#settleEarlier();\n    return this.#createSeal([...resolved.partials, ...(await this.#unchangedPartials())]);",
    replace:
      "    const early = await this.#unchangedPartials();\n    await this.#settleEarlier();\n    return this.#createSeal([...resolved.partials, ...early]);",
  },
  {
    rule: "a sealed epoch answers by its seal before the newest seal is looked into",
    file: "calls/complete.ts",
    find: "    await this.#anchor();\n",
    replace: "    await this.#unchangedPartials();\n    await this.#anchor();\n",
  },
  {
    rule: "an unchanged vnode that the newest seal does not name needs its receipt",
    file: "calls/complete.ts",
    find: "      if (entry?.sha256 === undefined) {",
    replace: "      if (entry === undefined) {",
  },
  {
    rule: "an unchanged vnode is one of a lower epoch",
    file: "calls/coverage.ts",
    find: "if (object === undefined || object.epoch >= request.epoch) {",
    replace: "if (object === undefined) {",
  },
  {
    rule: "a seal must cover the attachments that were asked about",
    file: "calls/coverage.ts",
    find: "if (!covers(entry, receipt)) return mismatch(",
    replace: "if (entry === undefined) return mismatch(",
  },
  {
    rule: "another committer's seal is a split brain",
    file: "calls/complete.ts",
    find: "    if (committer !== self.instanceId) {",
    replace: '    if (committer === "") {',
  },
  {
    rule: "a void is never complete",
    file: "calls/complete.ts",
    find: '      throw await this.#refuse(\n        "EpochAborted",',
    replace:
      '      if (this.#epoch >= 0) return { complete: true, seal: undefined as unknown as Seal };\n      throw await this.#refuse(\n        "EpochAborted",',
  },
  {
    rule: "a higher fence that is listed first ends the takeover before anything becomes void",
    file: "calls/takeover.ts",
    find: "    checkHighest(self, version, before);\n",
    replace: "",
  },
  {
    rule: "takeover lists control once more, and a higher fence ends it",
    file: "calls/takeover.ts",
    find: "    checkHighest(self, version, after);\n",
    replace: "",
  },
  {
    rule: "a base below the floor starts the takeover over",
    file: "calls/takeover.ts",
    find: "(found === undefined ? floor === 0 : found.epoch >= floor)",
    replace: "true",
  },
  {
    rule: "the same floor twice is Corrupt",
    file: "control.ts",
    find: "if (this.#last !== undefined && floor <= this.#last) {",
    replace:
      "const counter = globalThis as { tries?: number };\n    counter.tries = (counter.tries ?? 0) + 1;\n    if (counter.tries > 1000) throw new Error(what);\n    if (floor < 0) {",
  },
  {
    rule: "where there is no higher epoch the lowest free one above the base is next",
    file: "calls/takeover.ts",
    find: "if (highest < Number.MAX_SAFE_INTEGER) return highest + 1;",
    replace: "if (highest >= 0) return highest + 1;",
  },
  {
    rule: "a fence whose create was not answered is read back",
    file: "control.ts",
    find: '    if (answer.outcome === "failed" && answer.definite)',
    replace: '    if (answer.outcome === "failed")',
  },
  {
    rule: "readPartial reads our own last write",
    file: "calls/read-partial.ts",
    find: "self.written(epoch, vnode)?.key ?? ",
    replace: "",
  },
  {
    rule: "a plain-text seal's listing is followed by a look at the floor",
    file: "calls/read-partial.ts",
    find: '  if (commit?.kind === "legacy") {',
    replace: "  if (epoch < 0) {",
  },
  {
    rule: "nothing is deleted before the floor is known to be there",
    file: "calls/prune.ts",
    find: '    if (floor.state === "failed") {',
    replace: '    if (horizon < 0 && floor.state === "failed") {',
  },
  {
    rule: "a void stays when its epoch is emptied",
    file: "calls/prune.ts",
    find: "await this.#delete(page.filter(({ key }) => key !== commitKey(epoch)));",
    replace: "await this.#delete(page);",
  },
  {
    rule: "a retained seal that cannot be read stops the prune",
    file: "calls/prune.ts",
    find: "    await self.map(epochs, async (epoch) => {\n      const commit = await readCommit(self, epoch, self.client.operation(this.#signal));",
    replace:
      "    await self.map(epochs, async (epoch) => {\n      const commit = await readCommit(self, epoch, self.client.operation(this.#signal)).catch(() => undefined);\n      newestSeen = true;",
  },
  {
    rule: "asOperator makes nothing void",
    file: "calls/prune.ts",
    find: "if (!asOperator) await this.#voidUnsealed(",
    replace: "await this.#voidUnsealed(",
  },
  {
    rule: "outdated floors and fences go",
    file: "calls/prune.ts",
    find: "    await this.#deleteOutdated(control, horizon);\n",
    replace: "",
  },
  {
    rule: "only the protocol's own keys are deleted",
    file: "calls/prune.ts",
    find: "yield page.objects.filter(({ key }) => parseEpochObject(key) !== undefined);",
    replace: "yield page.objects;",
  },
  {
    rule: "setAuthoritativeVersion never lowers",
    file: "incarnation.ts",
    find: "this.#authoritativeVersion = Math.max(this.#authoritativeVersion, version);",
    replace: "this.#authoritativeVersion = version;",
  },
  {
    rule: "an attempt that timed out may still land",
    file: "store-client.ts",
    find: '      sent += 1;\n      try {\n        const outcome = await this.#observed("create", key, number, signal, async (seen) => {\n          seen.bytes = body.length;\n          const answer = checked(await this.#store.create(key, body, { signal }));\n          seen.outcome = answer === "created" ? "ok" : answer;\n          return answer;\n        });\n        return { outcome };\n      } catch (error) {\n',
    replace:
      '      try {\n        const outcome = await this.#observed("create", key, number, signal, async (seen) => {\n          seen.bytes = body.length;\n          const answer = checked(await this.#store.create(key, body, { signal }));\n          seen.outcome = answer === "created" ? "ok" : answer;\n          return answer;\n        });\n        return { outcome };\n      } catch (error) {\n        sent += 1;\n        ',
  },
  {
    rule: "a receipt below the claimed fence is stale",
    file: "calls/complete.ts",
    find: "if (receipt === undefined || receipt.assignmentVersion >= version) continue;",
    replace: "if (receipt === undefined || receipt.assignmentVersion >= 0) continue;",
  },
  {
    rule: "what a number stands for is checked like a receipt",
    file: "calls/complete.ts",
    find: "[...receipts, ...attachments, ...written]",
    replace: "[...receipts, ...attachments, ...written.slice(0, 0)]",
  },
  {
    rule: "receipts are checked inside the turn, by the fence as of then",
    file: "calls/complete.ts",
    find: "    this.#claimed = self.claimedVersion;",
    replace: "    this.#claimed = undefined;",
  },
  {
    rule: "every way to success ends with a listing of control",
    file: "calls/complete.ts",
    find: "      self.resolve(epoch, seal);\n      return this.#confirm(seal);",
    replace: "      self.resolve(epoch, seal);\n      return { complete: true, seal };",
  },
  {
    rule: "the newest seal is known as soon as its create was answered `created`",
    file: "calls/complete.ts",
    find: "      self.resolve(epoch, seal);\n      return this.#confirm(seal);",
    replace:
      "      self.unresolved.delete(epoch);\n      const outcome = await this.#confirm(seal);\n      self.resolve(epoch, seal);\n      return outcome;",
  },
  {
    rule: "control is listed after the seal was read, not beside it",
    file: "calls/complete.ts",
    find: "    const commit = await readCommit(this.#self, this.#epoch, this.#self.client.operation(this.#signal));\n    if (commit === undefined) throw await this.#vanished(undefined);\n    return this.#decide(commit);",
    replace:
      '    const listed = await this.#readControl();\n    const commit = await readCommit(this.#self, this.#epoch, this.#self.client.operation(this.#signal));\n    if (commit === undefined) throw await this.#vanished(undefined);\n    const ours = commit.kind === "seal" && commit.seal.committer === this.#self.instanceId;\n    if (ours && listed.floor <= this.#epoch && !this.#self.isDeposed(listed, this.#claimed)) return { complete: true, seal: commit.seal };\n    return this.#decide(commit);',
  },
  {
    rule: "unchanged needs a fence",
    file: "calls/complete.ts",
    find: "if (unchanged.length === 0 || this.#claimed !== undefined) return;",
    replace: "if (unchanged.length >= 0) return;",
  },
  {
    rule: "readPartial without a seal looks at the floor last",
    file: "calls/read-partial.ts",
    find: "  if (floor > epoch) throw self.pruned(epoch, floor);\n  return body;",
    replace: "  return body;",
  },
  {
    rule: "an object that a pruned seal names is pruned, not lost",
    file: "sealed-epoch.ts",
    find: "if (floor > epoch) throw self.pruned(epoch, floor, details);",
    replace: "",
  },
  {
    rule: "an entry without a digest is followed by a look at the floor",
    file: "sealed-epoch.ts",
    find: "if (!intact || entry.sha256 === undefined) {",
    replace: "if (!intact) {",
  },
  {
    rule: "other bytes than were sealed are followed by a look at the floor",
    file: "sealed-epoch.ts",
    find: "if (!intact || entry.sha256 === undefined) {",
    replace: "if (body === undefined || entry.sha256 === undefined) {",
  },
  {
    rule: "a handle checks the digest",
    file: "sealed-epoch.ts",
    find: "return entry.sha256 === undefined || (await sha256Hex(copyOf(body))) === entry.sha256;",
    replace: "return true;",
  },
  {
    rule: "a handle checks the size",
    file: "sealed-epoch.ts",
    find: "if (body.length !== entry.size) return false;\n  return",
    replace: "return",
  },
  {
    rule: "unsealed epochs that no floor covers are made void before they are emptied",
    file: "calls/prune.ts",
    find: "const voided = await voidEpoch(this.#self, epoch, this.#signal);",
    replace: 'const voided = { state: "void" } as Voided;',
  },
  {
    rule: "only epochs above the newest seal are made void by a prune",
    file: "calls/prune.ts",
    find: "epoch > newest && epoch < before",
    replace: "epoch >= horizon && epoch < before",
  },
  {
    rule: "control is listed after the voids and before the deletes",
    file: "calls/prune.ts",
    find: 'state === "void" && epoch >= floor',
    replace: 'state === "void" && floor >= 0',
  },
  {
    rule: "what retained seals name is kept",
    file: "calls/prune.ts",
    find: "if ((parseEpochObject(key)?.epoch ?? horizon) < horizon) kept.add(key);",
    replace: "",
  },
  {
    rule: "attachments that retained seals name are kept",
    file: "calls/prune.ts",
    find: "[...commit.seal.partials, ...commit.seal.attachments]",
    replace: "commit.seal.partials",
  },
  {
    rule: "a takeover does not set the history back",
    file: "calls/takeover.ts",
    find: "if ((found?.epoch ?? -1) >= known) {",
    replace: "if (known >= -1) {",
  },
  {
    rule: "the last write is the one that was asked for last",
    file: "incarnation.ts",
    find: "if (last === undefined || last.place < place) writes",
    replace: "writes",
  },
  {
    rule: "what is still not seen after the second look may have been pruned (sealedEpochs)",
    file: "calls/sealed-epochs.ts",
    find: "unseen.every((epoch) => sealed.has(epoch)) ?",
    replace: "unseen.length >= 0 ?",
  },
  {
    rule: "acceptListed is content with what its own incarnation sealed",
    file: "calls/coverage.ts",
    find: "if (seal.incarnation === self.id) return undefined;\n  if (self.acceptListed) {",
    replace: "if (self.acceptListed) {",
  },
];
