import { isStateError, ObjectStoreBackend } from "@state/core";
import type { Seal, SealedPartial } from "@state/core";
import { liveWithParent, send } from "./channel.ts";
import { attach, checkpointOf } from "./checkpoint.ts";
import type { Assignment, FromLeader, News, Volume } from "./messages.ts";
import { Sink } from "./sink.ts";
import { openStore } from "./store.ts";
import { Striker } from "./striker.ts";
import { vnodeCapacity } from "./vnodes.ts";
import { Workers } from "./workers.ts";

/** After so many epochs the old ones are pruned, ... */
const pruneEvery = 6;
/** ... but for so many, for a look back. */
const keptEpochs = 3;

liveWithParent();
const assignment = JSON.parse(process.argv[2] ?? "") as Assignment;
try {
  await lead(assignment);
  await report({ type: "finished" });
} catch (error) {
  if (!isStateError(error)) throw error;
  // Refused, or unknown. Either way this leader is over: whatever it did next could release rows that are not its to
  // release. Its successor asks the store what holds.
  await report({ type: "gave up", code: error.code, sealed: error.sealed, message: error.message });
}
process.disconnect();

async function lead({ version, workers, records, barrier, store, out, strike }: Assignment): Promise<void> {
  const crew = new Workers(workers);
  const sink = new Sink(out);
  await sink.open();
  const striker = new Striker(strike);
  await using backend = await ObjectStoreBackend.open({
    store: striker.wrap(await openStore(store)),
    instanceId: `leader-${version}`,
    vnodeCapacity,
  });

  // Once this returns no leader of a lower version can seal anything, whatever it still has in flight.
  const { base, nextEpoch } = await backend.takeover({ version });
  const checkpoint = base === undefined ? { nextRow: 0, files: [] } : await checkpointOf(base);

  // The last leader may have died between its seal and the release. One epoch back is enough: each is released before
  // the next is sealed.
  for (const file of checkpoint.files) await sink.release(file);
  await sink.discardBelow(version);

  await crew.restore(base?.epoch);
  await report({ type: "recovered", base: base?.epoch, nextRow: checkpoint.nextRow });

  let from = checkpoint.nextRow;
  for (let epoch = nextEpoch; from < records; epoch++) {
    const to = Math.min(from + barrier, records);
    await striker.enter({ epoch, from, to });

    const { parts, unchanged, files } = await crew.cut({ epoch, from, to });
    const attachments = await attach(backend, { epoch, assignmentVersion: version }, { nextRow: to, files });
    const outcome = await backend.epochComplete({ epoch, parts, unchanged, attachments });
    if (!outcome.complete)
      throw new Error(`the partials of vnodes ${outcome.missing.join(", ")} are missing`);
    await report({ type: "sealed", epoch, from, to, ...volumes(outcome.seal) });

    // `complete: true` is the permission. Not a moment earlier: the epoch could have become void in between, and its
    // rows would come a second time from the next attempt.
    for (const file of files) {
      await striker.at("sealed, not released");
      await sink.release(file);
    }

    from = to;
    if ((epoch - nextEpoch + 1) % pruneEvery === 0 || from === records) {
      const { objects, bytes } = await backend.pruneBefore(epoch - keptEpochs + 1);
      await report({ type: "pruned", objects, bytes });
    }
  }
}

/** What an epoch wrote itself, and what it took over from the epochs before it. */
function volumes({ epoch, partials }: Seal): { written: Volume; unchanged: Volume } {
  const isOwn = ({ key }: SealedPartial): boolean => key.startsWith(`epoch=${epoch}/`);
  return {
    written: volumeOf(partials.filter(isOwn)),
    unchanged: volumeOf(partials.filter((partial) => !isOwn(partial))),
  };
}

function volumeOf(partials: readonly SealedPartial[]): Volume {
  return { partials: partials.length, bytes: partials.reduce((bytes, { size }) => bytes + size, 0) };
}

async function report(news: News): Promise<void> {
  await send({ to: "supervisor", news } satisfies FromLeader);
}
