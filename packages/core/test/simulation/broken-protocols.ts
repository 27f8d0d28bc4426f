import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ObjectStoreBackend } from "../../src/backend.ts";
import type { OpenBackend } from "./process.ts";

/** A rule of the protocol, and the edit of the source that breaks it. */
export interface BrokenProtocol {
  readonly broken: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const brokenProtocols: readonly BrokenProtocol[] = [
  {
    broken: "epochComplete does not look at control once its seal is there",
    file: "calls/complete.ts",
    find: `      self.resolve(epoch, seal);
      return this.#confirm(seal);`,
    replace: `      self.resolve(epoch, seal);
      return { complete: true, seal };`,
  },
  {
    broken: "epochComplete does not look at the fence before it seals",
    file: "calls/complete.ts",
    find: `    if (self.isDeposed(control, this.#claimed))
      throw`,
    replace: `    if (epoch < 0)
      throw`,
  },
  {
    broken: "`exists` is taken as lost",
    file: "calls/complete.ts",
    find: `    const lost = answer.outcome`,
    replace: `    if (answer.outcome === "exists") throw this.#error("EpochAborted", "lost", { sealed: "no" });
    const lost = answer.outcome`,
  },
  {
    broken: "every error says that the epoch is not sealed",
    file: "calls/complete.ts",
    find: "{ epoch: this.#epoch, ...details }",
    replace: `{ epoch: this.#epoch, ...details, sealed: "no" }`,
  },
  {
    broken: "an earlier epoch of unknown outcome is not settled first",
    file: "calls/complete.ts",
    find: "    await this.#settleEarlier();\n",
    replace: "",
  },
  {
    broken: "an epoch below the newest seal is not superseded",
    file: "calls/complete.ts",
    find: "    if (epoch < later) {",
    replace: "    if (epoch < 0) {",
  },
  {
    broken: "an epoch that writes nothing of its own has no anchor",
    file: "calls/complete.ts",
    find: "    await this.#anchor();\n",
    replace: "",
  },
  {
    broken: "a seal that turns up on settling is not taken as the newest",
    file: "commit.ts",
    find: `  self.resolve(epoch, seal);\n  return { state: "sealed", seal };`,
    replace: `  self.unresolved.delete(epoch);\n  return { state: "sealed", seal };`,
  },
  {
    broken: "takeover voids nothing",
    file: "calls/takeover.ts",
    find: "const voided: Voided = await voidEpoch(self, epoch, signal);",
    replace: `const { readCommit, sealOf } = await import("../commit.ts");
    const commit = await readCommit(self, epoch, self.client.operation(signal));
    const seal = commit === undefined ? undefined : await sealOf(self, epoch, commit, signal);
    const voided = (seal === undefined ? { state: "void" } : { state: "sealed", seal }) as Voided;`,
  },
  {
    broken: "two incarnations of one instance may claim one version",
    file: "calls/takeover.ts",
    find: `if (holder?.["incarnation"] === self.id) return;`,
    replace: `if (holder?.["instanceId"] === self.instanceId) return;`,
  },
  {
    broken: "prune keeps nothing for the seals that it retains",
    file: "calls/prune.ts",
    find: "if ((parseEpochObject(key)?.epoch ?? horizon) < horizon) kept.add(key);",
    replace: "",
  },
  {
    broken: "prune goes beyond the newest seal",
    file: "calls/prune.ts",
    find: "Math.min(before, seal?.epoch ?? 0)",
    replace: "before",
  },
  {
    broken: "prune deletes before its floor is published",
    file: "calls/prune.ts",
    find: "if (horizon > floor) await this.#publishFloor(horizon);",
    replace: "",
  },
  {
    broken: "latest does not look at the floor once it has read the seals",
    file: "calls/latest.ts",
    find: "if (seal === undefined ? floor === 0 : seal.epoch >= floor) return",
    replace: "return",
  },
  {
    broken: "abort does not look at the floor",
    file: "calls/abort.ts",
    find: "if (floor > epoch) throw self.pruned(epoch, floor);",
    replace: "",
  },
  {
    broken: "other bytes than those that came first are taken as written",
    file: "calls/write.ts",
    find: "if (sameBytes(found, body)) return",
    replace: "return",
  },
  {
    broken: "a seal need not cover the receipts that were asked about",
    file: "calls/coverage.ts",
    find: "if (!covers(findPartial(seal, receipt.vnode), receipt)) return",
    replace: "if (findPartial(seal, receipt.vnode) === undefined) return",
  },
  {
    broken: "epochComplete ignores the floor once its seal is there",
    file: "calls/complete.ts",
    find: '    if (control.floor > epoch) throw self.pruned(epoch, control.floor, { sealed: "yes", committer });\n',
    replace: "",
  },
  {
    broken: "readPartial takes a pruned epoch for one without state",
    file: "calls/read-partial.ts",
    find: "  if (floor > epoch) throw self.pruned(epoch, floor);\n",
    replace: "",
  },
];

/** Loads a copy of the source in which the rule is broken, hands it to `use`, and removes it. */
export async function withBrokenProtocol<T>(
  { broken, file, find, replace }: BrokenProtocol,
  use: (open: OpenBackend) => Promise<T>,
): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), "state-broken-"));
  try {
    cpSync(resolve(import.meta.dirname, "../../src"), copy, { recursive: true });
    const path = join(copy, file);
    const source = readFileSync(path, "utf8");
    if (source.split(find).length !== 2) throw new Error(`${broken}: ${file} does not hold once: ${find}`);
    writeFileSync(
      path,
      source.replace(find, () => replace),
    );
    const url = pathToFileURL(join(copy, "backend.ts")).href;
    const { ObjectStoreBackend: Backend } = (await import(/* @vite-ignore */ url)) as {
      ObjectStoreBackend: typeof ObjectStoreBackend;
    };
    return await use((options) => Backend.open(options));
  } finally {
    rmSync(copy, { recursive: true });
  }
}
