import type { Seal, SealedPartial } from "@state/core";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, count } from "../output.ts";
import { openReader } from "../reading.ts";
import { findSealed } from "./find-epoch.ts";

interface Change {
  readonly vnode: number;
  readonly change: "added" | "removed" | "changed";
  readonly before: number;
  readonly after: number;
  /** Of `after`, what is not in the other epoch; the rest is in chunks that both name. */
  readonly newBytes: number;
}

export const diff: Command = {
  name: "diff",
  operands: ["A", "B"],
  summary: "which vnodes differ between two epochs",
  about:
    "A and B are numbers, latest, or pin:NAME. NEW is what B has and A has not: chunks that both name are not new.",
  examples: ["diff fs:./checkpoints 40 41", "diff s3://bucket/job pin:before-upgrade latest"],
  async run(call) {
    const { output, operands, signal } = call;
    await using backend = await openReader(call);
    const [a, b] = [
      await findSealed(backend, operands[0] ?? "", signal),
      await findSealed(backend, operands[1] ?? "", signal),
    ];
    const changes = changesOf(a.seal, b.seal);
    output.json({ from: a.epoch, to: b.epoch, changes });
    output.table(
      ["VNODE>", "CHANGE", "BEFORE>", "AFTER>", "NEW>"],
      changes.map(({ vnode, change, before, after, newBytes }) => [
        String(vnode),
        change,
        change === "added" ? "-" : bytesText(before),
        change === "removed" ? "-" : bytesText(after),
        bytesText(newBytes),
      ]),
    );
    const same = b.seal.partials.length - changes.filter(({ change }) => change !== "removed").length;
    output.line(
      `${count(changes.length, "vnode")} differ between ${a.epoch} and ${b.epoch}; ${same} are the same`,
    );
    return exitCodes.sound;
  },
};

function changesOf(a: Seal, b: Seal): Change[] {
  const before = new Map(a.partials.map((entry) => [entry.vnode, entry]));
  const after = new Map(b.partials.map((entry) => [entry.vnode, entry]));
  const vnodes = [...new Set([...before.keys(), ...after.keys()])].toSorted((x, y) => x - y);
  return vnodes.flatMap((vnode) => {
    const [old, now] = [before.get(vnode), after.get(vnode)];
    if (old !== undefined && now !== undefined && isSame(old, now)) return [];
    const change = old === undefined ? "added" : now === undefined ? "removed" : "changed";
    const sizes = { before: old?.size ?? 0, after: now?.size ?? 0 };
    return [{ vnode, change, ...sizes, newBytes: now === undefined ? 0 : newBytesOf(now, old) }];
  });
}

/** By what was given to be stored: a codec may store the same bytes in another form. */
function isSame(a: SealedPartial, b: SealedPartial): boolean {
  const [x, y] = [a.plain ?? a, b.plain ?? b];
  if (x.sha256 === undefined || y.sha256 === undefined) return a.key === b.key && a.size === b.size;
  return x.sha256 === y.sha256 && x.size === y.size && (a.chunks === undefined) === (b.chunks === undefined);
}

function newBytesOf(now: SealedPartial, old: SealedPartial | undefined): number {
  if (now.chunks === undefined) return now.size;
  const known = new Set(old?.chunks?.map(({ sha256 }) => sha256));
  return now.chunks.reduce((sum, { sha256, size }) => sum + (known.has(sha256) ? 0 : size), 0);
}
