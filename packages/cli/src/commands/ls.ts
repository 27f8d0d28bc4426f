import type { EpochState } from "@state/core";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { bytesText, count, timeText } from "../output.ts";
import { openReader, sealUnlessPruned, sizesOf } from "../reading.ts";

export const ls: Command = {
  name: "ls",
  operands: [],
  summary: "every epoch that is not pruned, and who leads",
  about:
    "OWN is what an epoch wrote itself; the rest of BYTES it takes over from earlier epochs. An epoch is open while it is under way; void, if it will never be sealed.",
  options: { limit: { type: "string", value: "N", help: "the newest N epochs" } },
  examples: ["ls fs:./checkpoints", "ls s3://bucket/job --limit 20", "ls gs://bucket/job --json"],
  async run(call) {
    const { output, options, signal } = call;
    const limit = options.integer("limit", 1);
    await using backend = await openReader(call);
    const { fence, floor, vnodeCapacity, pins } = await backend.control({ signal });
    output.json({ type: "control", fence, floor, vnodeCapacity, pins });
    let states: EpochState[] = [];
    for await (const state of backend.epochs({ signal })) {
      states.push(state);
      if (limit !== undefined && states.length > 2 * limit) states = states.slice(-limit);
    }
    if (limit !== undefined) states = states.slice(-limit);
    const rows: string[][] = [];
    for (const state of states) {
      const seal =
        state.state === "sealed" ? await sealUnlessPruned(backend, state.epoch, signal) : undefined;
      const names = pins.filter(({ epoch }) => epoch === state.epoch).map(({ name }) => name);
      const sizes = seal === undefined ? undefined : sizesOf(seal);
      const { epoch, error } = state;
      output.json({
        type: "epoch",
        epoch,
        state: state.state,
        at: seal?.at,
        committer: seal?.committer,
        assignmentVersion: seal?.assignmentVersion,
        ...sizes,
        pins: names,
        error: error?.message,
      });
      rows.push([
        String(epoch),
        shownState(state.state, output.style.bind(output)),
        timeText(seal?.at),
        seal?.committer ?? "-",
        String(seal?.assignmentVersion ?? "-"),
        String(sizes?.vnodes ?? "-"),
        sizes === undefined ? "-" : bytesText(sizes.bytes),
        sizes === undefined ? "-" : bytesText(sizes.ownBytes),
        names.join(" "),
      ]);
    }
    const below = pins.filter(({ epoch }) => epoch < floor);
    output.table(
      ["EPOCH>", "STATE", "SEALED AT", "BY", "VERSION>", "VNODES>", "BYTES>", "OWN>", "PINS"],
      rows,
    );
    output.line();
    const leader = fence === 0 ? "nobody has claimed a version" : `version ${fence} leads`;
    output.line(`${leader}; epochs below ${floor} are pruned; ${count(vnodeCapacity ?? 0, "vnode")}`);
    for (const { epoch, name } of below) output.line(`epoch ${epoch}, below the floor, is pinned as ${name}`);
    const unreadable = states.filter(({ state }) => state === "unreadable");
    for (const { error } of unreadable) output.line(output.style("red", error?.message ?? ""));
    return unreadable.length === 0 ? exitCodes.sound : exitCodes.finding;
  },
};

const styles = {
  sealed: "green",
  void: "dim",
  open: "yellow",
  unreadable: "red",
  "given-up": "red",
} as const;

function shownState(
  state: EpochState["state"],
  style: (name: (typeof styles)[EpochState["state"]], text: string) => string,
): string {
  return style(styles[state], state);
}
