/** A leader process: it stands by, and then leads, from takeover to prune. `crew.ts` starts it. */
import { isStateError, ObjectStoreBackend } from "@state/core";
import type { Seal, SealedPartial } from "@state/core";
import { standby } from "@state/core/standby";
import { attach, checkpointOf } from "./checkpoint.ts";
import type {
  Assignment,
  Elected,
  FromLeader,
  SupervisorMessage,
  Term,
  ToLeader,
  Volume,
} from "./messages.ts";
import { liveWithParent, receive, send } from "./parent-channel.ts";
import { Sink } from "./sink.ts";
import { openStore } from "./store.ts";
import { StrikeInjector } from "./strike-injector.ts";
import { vnodeCapacity } from "./vnodes.ts";
import { Workers } from "./workers.ts";

/** The number of epochs between prunes. */
const pruneEvery = 6;
/** The number of seals that a prune keeps. Not a range of numbers: an epoch that came to nothing has one too. */
const keptSeals = 3;

liveWithParent();
try {
  await lead(JSON.parse(process.argv[2] ?? "") as Assignment);
  await report({ type: "finished" });
} catch (error) {
  if (!isStateError(error)) throw error;
  // This leader was refused, or does not know how a request ended. Either way it stops: it could
  // release rows of an epoch that is not sealed. Its successor finds out from the store.
  await report({ type: "gave up", code: error.code, sealed: error.sealed, message: error.message });
}
process.disconnect();

async function lead(assignment: Assignment): Promise<void> {
  const { crew, workers, records, barrier, store, out, patience } = assignment;
  const inbox = receive<ToLeader>();
  const sink = new Sink(out);
  await sink.open();
  const injector = new StrikeInjector("leader");
  await using backend = await ObjectStoreBackend.open({
    store: injector.wrap(await openStore(store)),
    instanceId: `leader-${crew}`,
    vnodeCapacity,
  });

  // Only who could lead at once stands by: its time to start would be time in which nothing is sealed.
  const fleet = new Workers(workers, inbox);
  await fleet.ready();

  // Once this returns no leader of a lower version can seal anything, not even by a request in flight.
  const { version, base, nextEpoch } = await standby(backend, { patienceMs: patience });
  const term = { version, strike: await commission({ version, base: base?.epoch }, inbox) };
  injector.expect(term.strike);
  const checkpoint = base === undefined ? { nextRow: 0, files: [] } : await checkpointOf(base);

  // The last leader may have died between its seal and the release. Only the newest sealed epoch can
  // lack its release: each epoch is released before the next is sealed.
  for (const file of checkpoint.files) await sink.release(file);
  await sink.discardBelow(version);

  await fleet.restore(base?.epoch, term);
  await report({ type: "recovered", base: base?.epoch, nextRow: checkpoint.nextRow });

  let from = checkpoint.nextRow;
  for (let epoch = nextEpoch; from < records; epoch++) {
    const to = Math.min(from + barrier, records);
    await injector.enter({ epoch, from, to });

    const { parts, unchanged, files } = await fleet.cut({ epoch, from, to });
    const attachments = await attach(backend, { epoch, assignmentVersion: version }, { nextRow: to, files });
    await injector.at("receipts in hand");
    const outcome = await backend.epochComplete({ epoch, parts, unchanged, attachments });
    if (!outcome.complete)
      throw new Error(`the partials of vnodes ${outcome.missing.join(", ")} are missing`);
    await report({ type: "sealed", epoch, from, to, ...volumes(outcome.seal) });

    // Only `complete: true` permits the release. Before it the epoch may still become void, and the
    // next attempt would release its rows a second time.
    for (const file of files) {
      await injector.at("sealed, not released");
      await sink.release(file);
    }

    from = to;
    if ((epoch - nextEpoch + 1) % pruneEvery === 0 || from === records) {
      const { objects, bytes } = await backend.prune({ keep: keptSeals });
      await report({ type: "pruned", objects, bytes });
    }
  }
}

/** Tells the supervisor, and waits for what it has in mind for this leader. */
async function commission(
  elected: Omit<Elected, "type">,
  inbox: AsyncIterator<[ToLeader]>,
): Promise<Term["strike"]> {
  await report({ type: "elected", ...elected });
  const { value, done } = await inbox.next();
  if (done === true || value[0].type !== "commission") throw new Error("the supervisor gave no commission");
  return value[0].strike;
}

/** What an epoch wrote, and what it took over from earlier epochs. */
function volumes({ epoch, partials }: Seal): { written: Volume; unchanged: Volume } {
  const isOwn = ({ key }: SealedPartial): boolean => key?.startsWith(`epoch=${epoch}/`) === true;
  return {
    written: volumeOf(partials.filter(isOwn)),
    unchanged: volumeOf(partials.filter((partial) => !isOwn(partial))),
  };
}

function volumeOf(partials: readonly SealedPartial[]): Volume {
  return { partials: partials.length, bytes: partials.reduce((bytes, { size }) => bytes + size, 0) };
}

async function report(message: SupervisorMessage): Promise<void> {
  await send({ to: "supervisor", message } satisfies FromLeader);
}
