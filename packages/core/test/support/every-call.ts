import { bytesOf } from "../../src/conformance/backend-suite/world.ts";
import type { ObjectStoreBackend } from "../../src/index.ts";

const bytes = bytesOf("state");

interface Call {
  readonly call: string;
  readonly send: (backend: ObjectStoreBackend) => Promise<unknown>;
}

export const writingCalls: readonly Call[] = [
  {
    call: "writePartial",
    send: (backend) => backend.writePartial({ epoch: 7, vnode: 1, assignmentVersion: 0, bytes }),
  },
  {
    call: "writeAttachment",
    send: (backend) => backend.writeAttachment({ epoch: 7, name: "offsets", assignmentVersion: 0, bytes }),
  },
  { call: "epochComplete", send: (backend) => backend.epochComplete({ epoch: 7, parts: [1] }) },
  {
    call: "epochComplete with unchanged vnodes",
    send: (backend) => backend.epochComplete({ epoch: 7, parts: [], unchanged: [1] }),
  },
  { call: "abort", send: (backend) => backend.abort(7) },
  { call: "takeover", send: (backend) => backend.takeover({ version: 1 }) },
  { call: "pruneBefore", send: (backend) => backend.pruneBefore(7) },
  { call: "prune", send: (backend) => backend.prune({ keep: 1 }) },
  { call: "pin", send: (backend) => backend.pin({ epoch: 5, name: "savepoint" }) },
  { call: "unpin", send: (backend) => backend.unpin({ name: "savepoint" }) },
  { call: "pruneBefore as operator", send: (backend) => backend.pruneBefore(7, { asOperator: true }) },
];

export const readingCalls: readonly Call[] = [
  { call: "latest", send: (backend) => backend.latest() },
  { call: "latestCommittedEpoch", send: (backend) => backend.latestCommittedEpoch() },
  { call: "readPartial", send: (backend) => backend.readPartial({ vnode: 1, epoch: 5 }) },
  { call: "sealedEpochs", send: (backend) => backend.sealedEpochs() },
  { call: "pins", send: (backend) => backend.pins() },
  { call: "describeEpoch", send: (backend) => backend.describeEpoch(5) },
  {
    call: "prune as a dry run",
    send: (backend) => backend.prune({ keep: 1 }, { asOperator: true, dryRun: true }),
  },
];
