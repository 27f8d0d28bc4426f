import { describe, expect, test } from "vitest";
import type { ScriptedStore } from "../src/conformance/backend-suite/scripted-store.ts";
import { World } from "../src/conformance/backend-suite/world.ts";
import type { SealedEpoch } from "../src/index.ts";
import {
  type Anything,
  type Bad,
  expectNamed,
  missing,
  noNames,
  noObjects,
  noSignals,
  noVnodes,
  withEachBadValue,
} from "./support/bad-values.ts";
import { MapStore } from "./support/map-store.ts";
import { bytes, epoch } from "./support/receipts.ts";
import { rejectionOf } from "./support/rejection.ts";

describe("a sealed epoch's handle", () => {
  const reads: readonly {
    readonly call: string;
    readonly argument: string;
    readonly bad: readonly Bad[];
    readonly send: (handle: SealedEpoch, value: Anything) => Promise<unknown>;
  }[] = [
    {
      call: "read",
      argument: "vnode",
      bad: [missing, ...noVnodes],
      send: (handle, value) => handle.read(value),
    },
    { call: "read", argument: "options", bad: noObjects, send: (handle, value) => handle.read(1, value) },
    {
      call: "read",
      argument: "signal",
      bad: noSignals,
      send: (handle, value) => handle.read(1, { signal: value }),
    },
    {
      call: "attachment",
      argument: "name",
      bad: noNames,
      send: (handle, value) => handle.readAttachment(value),
    },
    {
      call: "attachment",
      argument: "options",
      bad: noObjects,
      send: (handle, value) => handle.readAttachment("offsets", value),
    },
    {
      call: "attachment",
      argument: "signal",
      bad: noSignals,
      send: (handle, value) => handle.readAttachment("offsets", { signal: value }),
    },
  ];

  test.each(reads.flatMap(withEachBadValue))(
    "refuses in $call $argument that is $shown, and sends nothing",
    async ({ argument, shown, value, error, send }) => {
      const { handle, store } = await sealedEpoch();
      const sent = store.requests.length;

      const reason = await rejectionOf(send(handle, value as Anything));

      expectNamed(reason, { argument, shown, error });
      expect(store.requests.slice(sent)).toEqual([]);
    },
  );
});

async function sealedEpoch(): Promise<{ handle: SealedEpoch; store: ScriptedStore }> {
  const actor = await new World(new MapStore()).open("A");
  const { backend, store } = actor;
  const offsets = await backend.writeAttachment({ epoch, name: "offsets", assignmentVersion: 0, bytes });
  const parts = [await actor.write(epoch, 1, "state")];
  await backend.epochComplete({ epoch, parts, attachments: [offsets] });
  const handle = await backend.latest();
  if (handle === undefined) throw new Error("nothing was sealed");
  return { handle, store };
}
