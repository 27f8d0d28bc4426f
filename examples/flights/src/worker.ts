/** A worker process: it restores its vnodes, processes flights and writes partials. `crew.ts` starts it. */
import { ObjectStoreBackend } from "@state/core";
import { FlightSource } from "./flights.ts";
import type { Assignment, Cut, CutReply, FromWorker, Order, Term } from "./messages.ts";
import { DelayOperator } from "./operator.ts";
import { liveWithParent, receive, send } from "./parent-channel.ts";
import { Sink } from "./sink.ts";
import { encode } from "./statistics.ts";
import { openStore } from "./store.ts";
import { StrikeInjector } from "./strike-injector.ts";
import { ownerOf, vnodeCapacity, vnodeOf } from "./vnodes.ts";

liveWithParent();
const orders = receive<Order>();
const { crew, workers, store, out } = JSON.parse(process.argv[2] ?? "") as Assignment;
const worker = Number(process.argv[3]);

const injector = new StrikeInjector(worker);
const backend = await ObjectStoreBackend.open({
  store: injector.wrap(await openStore(store)),
  instanceId: `worker-${crew}-${worker}`,
  vnodeCapacity,
});
const source = await FlightSource.open();
const sink = new Sink(out);
await sink.open();
const operator = new DelayOperator();
/** That of the leader, once it has one. */
let version = 0;

await send({ to: "leader", reply: { type: "ready", worker } } satisfies FromWorker);

for await (const [order] of orders) {
  if (order.type === "restore") {
    begin(order);
    await restore(order.base);
    await send({ to: "leader", reply: { type: "restored", worker } } satisfies FromWorker);
  } else {
    await injector.enter(order);
    await send({ to: "leader", reply: await cut(order) } satisfies FromWorker);
    await injector.at("receipt sent");
  }
}

/** The leader of this crew has taken over. */
function begin(term: Term): void {
  ({ version } = term);
  backend.setAuthoritativeVersion(version);
  injector.expect(term.strike);
}

/** Reads this worker's vnodes from the epoch that the leader goes on from. */
async function restore(base: number | undefined): Promise<void> {
  if (base === undefined) return;
  const sealed = await backend.latest();
  if (sealed?.epoch !== base) {
    throw new Error(`the leader goes on from epoch ${base}, but the newest seal is ${sealed?.epoch}`);
  }
  await Promise.all(
    sealed.vnodes.filter(isOurs).map(async (vnode) => {
      const state = await sealed.read(vnode);
      if (state !== undefined) operator.restore(vnode, state);
    }),
  );
}

/** Processes an epoch's flights. Makes changed state durable as partials, and rows as a staged file. */
async function cut({ epoch, from, to }: Cut): Promise<CutReply> {
  const flights = await source.read(from, to);
  const { rows, changed, unchanged } = operator.process(
    flights.filter(({ origin }) => isOurs(vnodeOf(origin))),
  );
  const [file, ...parts] = await Promise.all([
    sink.stage({ from, to, epoch, version, worker }, encode(rows)),
    ...changed.map((vnode) =>
      backend.writePartial({ epoch, vnode, assignmentVersion: version, bytes: operator.snapshot(vnode) }),
    ),
  ]);
  return { type: "cut", worker, parts, unchanged, file };
}

function isOurs(vnode: number): boolean {
  return ownerOf(vnode, workers) === worker;
}
