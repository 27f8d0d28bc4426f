import { after, drop, force, keep, leave, omit, operator, replaceOperand, type Rule, swap } from "./rule.ts";

/**
 * Every rule of the protocol, in the order of `docs/protocol.md`. The source has a marker for each (`// rule: <id>`);
 * `pnpm rules` takes it out there and shows which test misses it.
 */
export const rules: readonly Rule[] = [
  // Opening
  {
    id: "capacity-is-compared-before-anything-is-written",
    says: "Another vnode capacity is refused before anything is written.",
    section: "Opening",
    without: drop,
  },
  {
    id: "open-creates-until-it-exists",
    says: "The namespace is created until a create returns `exists`: a store that ignores the condition is found out.",
    section: "Opening",
    without: leave,
  },
  {
    id: "open-compares-what-someone-else-created",
    says: "A namespace that someone else created first is compared too.",
    section: "Opening",
    without: force("true"),
  },
  {
    id: "open-takes-the-highest-fence",
    says: "The authoritative version begins as the highest fence.",
    section: "Opening",
    without: drop,
  },
  {
    id: "throttled-probe-of-a-known-namespace-passes",
    says: "A known namespace is opened though its probe is throttled, or out of reach.",
    section: "Opening",
    without: force("false"),
  },
  {
    id: "authoritative-version-never-lowers",
    says: "`setAuthoritativeVersion` never lowers the version.",
    section: "Opening",
    without: force("$1"),
  },

  // One good epoch: writing
  {
    id: "stale-write",
    says: "A write below the authoritative version is refused.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "private-copy",
    says: "What is digested and sent is a private copy of the caller's bytes.",
    section: "One good epoch",
    without: keep(0),
  },
  {
    id: "replay-is-success",
    says: "The same bytes written again are a success.",
    section: "One good epoch",
    without: drop,
  },
  {
    id: "other-bytes-other-key",
    says: "Other bytes than those that came first go to a key that carries their digest.",
    section: "One good epoch",
    without: force("true"),
    simulated: true,
  },
  {
    id: "failed-write-is-no-receipt",
    says: "A write whose object is not known to be there gives no receipt.",
    section: "One good epoch",
    without: force('first.outcome !== "found"'),
    simulated: true,
  },
  {
    id: "last-write-was-asked-for-last",
    says: "A vnode's last write is the one that was asked for last, not the one that ended last.",
    section: "One good epoch",
    without: force("true"),
  },

  // One good epoch: receipts
  {
    id: "empty-epoch-is-an-error",
    says: "`parts` and `unchanged` are not both empty.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "one-seal-at-a-time",
    says: "One backend creates one seal at a time, in the order of the calls.",
    section: "One good epoch",
    without: force("($1)()"),
    simulated: true,
  },
  {
    id: "claimed-version-is-that-of-the-call",
    says: "A call whose turn comes after another version was claimed is stale.",
    section: "One good epoch",
    without: drop,
  },
  {
    id: "receipt-below-the-fence-is-stale",
    says: "A receipt below the claimed version is stale.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "numbers-are-checked-like-receipts",
    says: "What a bare vnode number stands for is checked like a receipt.",
    section: "One good epoch",
    without: omit(2),
  },
  {
    id: "written-attachment-is-passed",
    says: "An attachment that this backend wrote for the epoch is passed.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "number-of-another-backend-needs-its-receipt",
    says: "A bare number of a vnode that another backend wrote is refused: its receipt is needed.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "absent-object-of-a-receipt-is-lost",
    says: "A receipt whose object is absent is lost, not missing.",
    section: "One good epoch",
    without: leave,
  },
  {
    id: "accept-listed-lists-control-last",
    says: "With `acceptListed` the epoch is listed first, and control after it.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "several-listed-partials-are-ambiguous",
    says: "With `acceptListed` several partials of one vnode are ambiguous.",
    section: "One good epoch",
    without: force("false"),
  },

  {
    id: "receipts-are-frozen",
    says: "A receipt is frozen: a caller that changes what it was given changes no later seal.",
    section: "One good epoch",
    without: keep(0),
  },
  {
    id: "seals-are-frozen",
    says: "A seal is frozen: its entries go into the next one.",
    section: "One good epoch",
    without: drop,
  },

  // One good epoch: before the seal
  {
    id: "fence-before-seal",
    says: "`epochComplete` looks at the fence before it seals.",
    section: "One good epoch",
    without: force("false"),
    simulated: true,
  },
  {
    id: "floor-before-seal",
    says: "`epochComplete` looks at the floor before it seals.",
    section: "One good epoch",
    without: drop,
  },
  {
    id: "lower-epoch-is-superseded",
    says: "An epoch below the newest seal, or below one of unknown outcome, is superseded.",
    section: "One good epoch",
    without: force("false"),
    simulated: true,
  },
  {
    id: "earlier-epochs-are-settled-first",
    says: "An earlier epoch of unknown outcome is made void, or found to be sealed, before a later one is sealed.",
    section: "One good epoch",
    without: drop,
    simulated: true,
  },
  {
    id: "unsettled-epoch-stops-the-seal",
    says: "If an earlier epoch cannot be settled, nothing is sealed.",
    section: "One good epoch",
    without: force("true"),
  },
  {
    id: "settled-seal-is-newest",
    says: "An epoch that turns out to be sealed when it is settled is the newest.",
    section: "One good epoch",
    without: replaceOperand(1, "undefined"),
  },

  // One good epoch: the seal
  {
    id: "lost-create-is-read-back",
    says: "A create whose response is lost is read back.",
    section: "One good epoch",
    without: keep(3),
  },
  {
    id: "existing-commit-is-compared",
    says: "A `_COMMIT` that exists is read and compared: it may be ours.",
    section: "One good epoch",
    without: force('refuse($0, "EpochAborted", "lost to someone else")'),
    simulated: true,
  },
  {
    id: "commit-read-by-its-whole-key",
    says: "A `_COMMIT` is read by its whole key, never found by how a key ends.",
    section: "One good epoch",
    without: force(`await (async (client, key, operation) => {
      const folder = key.slice(0, key.lastIndexOf("/") + 1);
      let found;
      for await (const { objects } of client.list(folder))
        for (const { key: listed } of objects)
          if (listed.endsWith("/_COMMIT")) found = await client.get(listed, operation);
      return found;
    })($this, $0, $1)`),
  },
  {
    id: "absent-on-reading-back-is-not-final",
    says: "If reading back finds nothing, the seal may still land: the outcome is unknown.",
    section: "One good epoch",
    without: force('"no"'),
    simulated: true,
  },
  {
    id: "unresolved-epoch-may-be-asked-again",
    says: "An epoch of unknown outcome may be asked for again.",
    section: "One good epoch",
    without: operator("<="),
  },
  {
    id: "timed-out-create-may-land",
    says: "A create that timed out may still land, even if the store refuses it later.",
    section: "One good epoch",
    without: drop,
    simulated: true,
  },
  {
    id: "refused-by-every-attempt",
    says: "A create wrote nothing only if the store refused every attempt.",
    section: "One good epoch",
    without: force("true"),
    simulated: true,
  },
  {
    id: "void-is-never-complete",
    says: "A void is never complete.",
    section: "One good epoch",
    without: force("{ committer: leadership.instanceId, epoch }"),
  },
  {
    id: "another-committer-is-a-split-brain",
    says: "A seal of another committer is a split brain.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "seal-covers-receipts",
    says: "A seal that is there covers the receipts that were asked about.",
    section: "One good epoch",
    without: force("false"),
    simulated: true,
  },
  {
    id: "seal-covers-attachments",
    says: "It covers the attachments that were asked about.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "seal-covers-own-writes",
    says: "It covers what this backend wrote of the bare numbers.",
    section: "One good epoch",
    without: keep(1),
  },
  {
    id: "unnamed-vnode-is-a-mismatch",
    says: "A vnode that it does not name is a mismatch.",
    section: "One good epoch",
    without: force("undefined"),
  },
  {
    id: "number-needs-a-seal-of-this-incarnation",
    says: "Another incarnation's seal covers no bare number.",
    section: "One good epoch",
    without: force("true"),
  },
  {
    id: "accept-listed-trusts-its-own-seal",
    says: "`acceptListed` is content with what its own incarnation sealed.",
    section: "One good epoch",
    without: drop,
  },

  // One good epoch: after the seal
  {
    id: "created-seal-is-newest-at-once",
    says: "A seal is the newest as soon as its create returned `created`.",
    section: "One good epoch",
    without: drop,
  },
  {
    id: "control-after-the-seal-was-created",
    says: "Control is listed after the seal was created.",
    section: "One good epoch",
    without: force("control"),
    simulated: true,
  },
  {
    id: "control-after-the-seal-was-read",
    says: "Control is listed after a seal was read, not beside the reading.",
    section: "One good epoch",
    without: swap,
  },
  {
    id: "fence-after-seal",
    says: "`epochComplete` looks at the fence after the seal is there.",
    section: "One good epoch",
    without: force("false"),
  },
  {
    id: "floor-after-seal",
    says: "`epochComplete` looks at the floor after the seal is there.",
    section: "One good epoch",
    without: drop,
    simulated: true,
  },
  {
    id: "floor-before-a-seal-is-answered-about",
    says: "A seal that is there is answered about only after a look at the floor: below it, it may be a stray.",
    section: "One good epoch",
    without: drop,
  },

  // The states of `_COMMIT`
  {
    id: "void-stays",
    says: "An abort leaves a void behind.",
    section: "The states of `_COMMIT`",
    without: after('if (creation.outcome === "created") await $0.delete([$1], undefined);'),
    simulated: true,
  },
  {
    id: "nothing-is-made-void-below-the-floor",
    says: "`abort` looks at the floor first: below it nothing is created.",
    section: "The states of `_COMMIT`",
    without: drop,
  },
  {
    id: "abort-looks-at-the-floor",
    says: "`abort` looks at the floor once the void is there.",
    section: "The states of `_COMMIT`",
    without: drop,
    simulated: true,
  },
  {
    id: "plain-text-is-an-instance-id",
    says: "Plain text is a seal of LaminarDB only if it can be an instance's id.",
    section: "The states of `_COMMIT`",
    without: force("false"),
  },
  {
    id: "plain-text-stands-below-every-seal",
    says: "Plain text above a seal of ours is damaged.",
    section: "The states of `_COMMIT`",
    without: force("false"),
  },
  {
    id: "listed-plain-text-stands-below-every-seal",
    says: "`sealedEpochs` takes plain text above a seal of ours for damaged.",
    section: "The states of `_COMMIT`",
    without: force("false"),
  },

  // One takeover
  {
    id: "one-incarnation-a-version",
    says: "The fence holds the incarnation that claimed it: a version has one.",
    section: "One takeover",
    without: force("holder?.instanceId === instanceId"),
    simulated: true,
  },
  {
    id: "fence-is-held-once-takeover-returns",
    says: "A backend leads from the moment that its takeover returns, and not before.",
    section: "One takeover",
    without: after("leadership.lead(version, undefined);"),
  },
  {
    id: "higher-fence-ends-takeover-before-voids",
    says: "A higher fence that is listed first ends the takeover before anything becomes void.",
    section: "One takeover",
    without: drop,
  },
  {
    id: "takeover-voids",
    says: "Takeover makes void every epoch above the newest seal.",
    section: "One takeover",
    without: force("[]"),
    simulated: true,
  },
  {
    id: "higher-fence-ends-takeover-after-voids",
    says: "Takeover lists control once more when the voids are there, and a higher fence ends it.",
    section: "One takeover",
    without: drop,
  },
  {
    id: "own-fence-unseen-ends-takeover",
    says: "A takeover that does not see its own fence is refused.",
    section: "A listing is no moment",
    without: force("false"),
  },
  {
    id: "base-is-at-or-above-the-floor",
    says: "A base below the floor starts the takeover over.",
    section: "One takeover",
    without: force("true"),
  },
  {
    id: "same-floor-twice-is-corrupt",
    says: "A search that starts over and meets the same floor again is `Corrupt`.",
    section: "One takeover",
    without: force(
      "((globalThis.searches = (globalThis.searches ?? 0) + 1) > 1000) && (() => { throw new Error('endless'); })()",
    ),
  },
  {
    id: "takeover-never-goes-back",
    says: "A takeover does not set back the history of a backend that has sealed meanwhile.",
    section: "One takeover",
    without: force("true"),
  },
  {
    id: "next-epoch-is-above-all-seen",
    says: "The next epoch is above everything that was seen.",
    section: "One takeover",
    without: keep(0),
    simulated: true,
  },
  {
    id: "lowest-free-epoch-if-there-is-none-above",
    says: "If there is no higher number, the next epoch is the lowest free one above the base.",
    section: "One takeover",
    without: force("true"),
  },

  // One incremental epoch, and its prune
  {
    id: "unchanged-needs-a-fence",
    says: "`unchanged` needs a claimed version.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "unchanged-needs-a-digest",
    says: "An unchanged vnode whose entry has no digest needs its receipt.",
    section: "One incremental epoch, and its prune",
    without: keep(0),
  },
  {
    id: "unchanged-refers-to-one-base",
    says: "`unchanged` refers to one epoch: if another is the newest when the turn comes, nothing is sealed.",
    section: "One incremental epoch, and its prune",
    without: drop,
    simulated: true,
  },
  {
    id: "sealed-vnode-is-given-unchanged-or-dropped",
    says: "Under a claimed version, a vnode that the newest seal names is given, unchanged or dropped by name.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "settled-vnode-is-not-omitted",
    says: "So is one that an earlier epoch names which turns out to be sealed.",
    section: "One incremental epoch, and its prune",
    without: drop,
  },
  {
    id: "unchanged-is-looked-up-once-earlier-epochs-are-settled",
    says: "An unchanged vnode is looked up after earlier epochs are settled.",
    section: "One incremental epoch, and its prune",
    without: swap,
  },
  {
    id: "sealed-epoch-needs-no-newest-seal",
    says: "A sealed epoch is judged by its own seal, before the newest seal is looked into.",
    section: "One incremental epoch, and its prune",
    without: after("await unchangedEntries($0, $1);"),
  },
  {
    id: "unchanged-is-of-a-lower-epoch",
    says: "A vnode was unchanged only if its entry is of a lower epoch.",
    section: "One incremental epoch, and its prune",
    without: keep(0),
  },
  {
    id: "unchanged-only-epoch-has-an-anchor",
    says: "An epoch that writes nothing of its own creates an anchor.",
    section: "One incremental epoch, and its prune",
    without: drop,
    simulated: true,
  },
  {
    id: "anchor-before-listing",
    says: "The anchor is there before the epoch is listed.",
    section: "One incremental epoch, and its prune",
    without: swap,
  },
  {
    id: "anchor-is-known-to-be-there",
    says: "The anchor is known to be there before the epoch is sealed.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "fence-before-prune",
    says: "`pruneBefore` looks at the fence.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "own-fence-unseen-is-deposed",
    says: "A backend that does not see its own fence is deposed.",
    section: "A listing is no moment",
    without: keep(0),
  },
  {
    id: "highest-control-ever-seen-counts",
    says: "A backend goes by the highest floor and fence that it has ever seen.",
    section: "A listing is no moment",
    without: force("control"),
  },
  {
    id: "newest-seal-survives",
    says: "The horizon is never above the newest seal.",
    section: "One incremental epoch, and its prune",
    without: keep(0),
    simulated: true,
  },
  {
    id: "prune-voids-only-above-the-newest-seal",
    says: "Only epochs above the newest seal are made void by a prune.",
    section: "One incremental epoch, and its prune",
    without: force("epoch >= horizon && $1"),
  },
  {
    id: "operator-makes-nothing-void",
    says: "`asOperator` makes nothing void.",
    section: "One incremental epoch, and its prune",
    without: force("true"),
  },
  {
    id: "prune-voids-before-it-empties",
    says: "Unsealed epochs that no floor covers are made void before they are emptied.",
    section: "One incremental epoch, and its prune",
    without: force('{ outcome: "void" }'),
  },
  {
    id: "control-after-voids-before-deletes",
    says: "Control is listed after the voids and before the deletes: what lies below the floor by then is left alone.",
    section: "One incremental epoch, and its prune",
    without: keep(0),
  },
  {
    id: "void-stays-when-its-epoch-is-emptied",
    says: "The void stays when its epoch is emptied.",
    section: "One incremental epoch, and its prune",
    without: force("$this"),
    simulated: true,
  },
  {
    id: "floor-before-deletes",
    says: "The floor is published before anything is deleted.",
    section: "One incremental epoch, and its prune",
    without: drop,
    simulated: true,
  },
  {
    id: "floor-is-known-before-deletes",
    says: "If the floor is not known to be there, nothing is deleted.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "prune-empties-below-an-older-floor-too",
    says: "A prune empties what an earlier one left below the floor.",
    section: "One incremental epoch, and its prune",
    without: replaceOperand(1, "horizon === floor"),
  },
  {
    id: "unreadable-retained-seal-stops-the-prune",
    says: "A retained seal that cannot be read stops the prune.",
    section: "One incremental epoch, and its prune",
    without: force("await readCommit($0, $1, $2).catch(() => ((newestSeen = true), undefined))"),
  },
  {
    id: "damaged-plain-text-stops-the-prune",
    says: "So does plain text above a seal of ours.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "named-objects-are-kept",
    says: "What retained seals name below the horizon is kept.",
    section: "One incremental epoch, and its prune",
    without: drop,
    simulated: true,
  },
  {
    id: "named-attachments-are-kept",
    says: "Attachments that they name are kept too.",
    section: "One incremental epoch, and its prune",
    without: omit(1),
  },
  {
    id: "prune-stops-without-its-newest-seal",
    says: "A prune whose newest seal is gone stops.",
    section: "One incremental epoch, and its prune",
    without: keep(1),
  },
  {
    id: "prune-lists-what-exists",
    says: "Prune lists the epochs that exist, and does not count up to the horizon.",
    section: "One incremental epoch, and its prune",
    without: force("Array.from({ length: $1 }, (_, epoch) => epoch)"),
  },
  {
    id: "epoch-prefix-ends-in-a-slash",
    says: "An epoch's prefix ends in a slash: epoch 10 is not part of epoch 1.",
    section: "One incremental epoch, and its prune",
    without: force("$0.filter((epoch) => epoch < $1 || String(epoch).startsWith(String($1 - 1)))"),
  },
  {
    id: "undeleted-seal-keeps-its-objects",
    says: "An epoch whose seal could not be deleted keeps its objects.",
    section: "One incremental epoch, and its prune",
    without: force("false"),
  },
  {
    id: "foreign-objects-are-left-alone",
    says: "Only the protocol's own keys are deleted.",
    section: "One incremental epoch, and its prune",
    without: force("$this"),
  },
  {
    id: "failed-deletes-are-counted",
    says: "Deletes that failed are counted.",
    section: "One incremental epoch, and its prune",
    without: drop,
  },
  {
    id: "surplus-controls-go",
    says: "Floors and fences that are surplus are deleted.",
    section: "One incremental epoch, and its prune",
    without: drop,
  },
  {
    id: "newest-controls-are-kept",
    says: "A prune keeps the newest floors and fences: a control goes only if so many higher ones were listed.",
    section: "A listing is no moment",
    without: force("descending.slice(1).map(([, key]) => key)"),
  },

  // Reading
  {
    id: "newest-is-at-or-above-the-floor",
    says: "`latest` lists control after it read the seals, and starts over if its seal is below the floor.",
    section: "Reading",
    without: force("true"),
    simulated: true,
  },
  {
    id: "none-needs-a-second-look",
    says: "`latest` answers that nothing is sealed only after a second look at control.",
    section: "A listing is no moment",
    without: force("false"),
  },
  {
    id: "below-the-highest-seal-is-read-again",
    says: "`sealedEpochs` reads once more what it did not see below the highest seal.",
    section: "Reading",
    without: force("[]"),
  },
  {
    id: "control-after-the-second-look",
    says: "`sealedEpochs` lists control after its second look at the epochs.",
    section: "Reading",
    without: force("{ floor: 0 }"),
  },
  {
    id: "no-sealed-epochs-needs-a-second-look",
    says: "That no epoch is sealed is answered only after a second look at control.",
    section: "A listing is no moment",
    without: force("false"),
  },
  {
    id: "no-seal-above-a-floor-starts-over",
    says: "If `sealedEpochs` finds no seal although a floor exists, it starts over.",
    section: "Reading",
    without: force("true"),
  },
  {
    id: "own-last-write-is-read",
    says: "`readPartial` of an unsealed epoch reads this backend's own last write.",
    section: "Reading",
    without: keep(1),
  },
  {
    id: "unsealed-read-looks-at-the-floor",
    says: "`readPartial` of an unsealed epoch looks at the floor last.",
    section: "Reading",
    without: drop,
    simulated: true,
  },
  {
    id: "sealed-read-looks-at-the-floor",
    says: "`readPartial` of a sealed epoch looks at the floor beside the read of the object.",
    section: "Reading",
    without: drop,
  },
  {
    id: "void-has-no-bytes",
    says: "`readPartial` of a void epoch has no bytes.",
    section: "Reading",
    without: force('commit !== undefined && commit.kind !== "void"'),
  },
  {
    id: "seals-are-read-with-time-for-their-size",
    says: "A `_COMMIT` is read with time for the largest that there can be, and for those beside it.",
    section: "Reading",
    without: replaceOperand(1, "0"),
    simulated: true,
  },
  {
    id: "handle-checks-the-size",
    says: "A handle checks the size.",
    section: "Reading",
    without: drop,
  },
  {
    id: "handle-checks-the-digest",
    says: "A handle checks the digest.",
    section: "Reading",
    without: force("true"),
  },
  {
    id: "absent-object-of-a-seal-is-an-error",
    says: "An object that a seal names and that is gone is an error, never an empty response.",
    section: "Reading",
    without: leave,
  },
  {
    id: "absent-object-of-a-pruned-seal-is-pruned",
    says: "An object of a pruned seal is pruned, not lost.",
    section: "Reading",
    without: drop,
  },
  {
    id: "entry-without-digest-looks-at-the-floor",
    says: "An entry without a digest is followed by a look at the floor.",
    section: "Reading",
    without: keep(0),
  },
  {
    id: "other-bytes-look-at-the-floor",
    says: "Other bytes than were sealed are followed by a look at the floor.",
    section: "Reading",
    without: force("body === undefined || $1"),
  },

  {
    id: "described-as-pruned-below-the-floor",
    says: "`describeEpoch` says `pruned` of everything below the floor.",
    section: "Reading",
    without: keep(2),
  },

  // What an error says of the seal
  {
    id: "no-is-never-said-below-the-floor",
    says: "Below the floor an error never says `no`.",
    section: "What an error says of the seal",
    without: force('floor === undefined ? "unknown" : "no"'),
  },
  {
    id: "no-is-never-said-of-an-unresolved-epoch",
    says: "While a create of the epoch is unresolved, an error never says `no`.",
    section: "What an error says of the seal",
    without: force("false"),
  },
  {
    id: "unresolved-is-noted-before-the-listing",
    says: "Whether an epoch is unresolved is noted before it is listed.",
    section: "What an error says of the seal",
    without: force("false"),
  },
  {
    id: "read-seal-says-yes",
    says: "Once a seal was read, an error says `yes`.",
    section: "What an error says of the seal",
    without: force('"no"'),
    simulated: true,
  },
];
