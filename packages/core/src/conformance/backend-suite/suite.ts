import type { ObjectStore } from "../../store.ts";
import { declare, type Runner } from "../runner.ts";
import type { Sequence } from "./sequence.ts";
import { anchoredSequences } from "./sequences/anchored.ts";
import { automaticPruneSequences } from "./sequences/automatic-prunes.ts";
import { callsAtOnceSequences } from "./sequences/calls-at-once.ts";
import { chunkSequences } from "./sequences/chunks.ts";
import { codecSequences } from "./sequences/codecs.ts";
import { damageSequences } from "./sequences/damage.ts";
import { givenBytesSequences } from "./sequences/given-bytes.ts";
import { givenUpSequences } from "./sequences/given-up.ts";
import { keepingSequences } from "./sequences/keeping.ts";
import { leaderSequences } from "./sequences/leaders.ts";
import { lostControlSequences } from "./sequences/lost-control.ts";
import { omissionSequences } from "./sequences/omissions.ts";
import { partialSequences } from "./sequences/partials.ts";
import { pinSequences } from "./sequences/pins.ts";
import { pruningSequences } from "./sequences/pruning.ts";
import { retentionSequences } from "./sequences/retention.ts";
import { reusedChunkSequences } from "./sequences/reused-chunks.ts";
import { straySequences } from "./sequences/strays.ts";
import { takeoverSequences } from "./sequences/takeovers.ts";
import { tornListingSequences } from "./sequences/torn-listings.ts";
import { unchangedSequences } from "./sequences/unchanged.ts";
import { shownSchedule, World } from "./world.ts";

/** How the suite comes by the stores under the backends that it drives. */
export interface BackendHarness {
  /** Names the store in the runner's output. */
  readonly name: string;
  /** A fresh, empty store each time; a new prefix is enough. Every case has one of its own. */
  open(): Promise<ObjectStore>;
  /** Called for everything that `open` gave, when a case is over. */
  close?(store: ObjectStore): Promise<void>;
}

export const sequences: readonly Sequence[] = [
  ...partialSequences,
  ...leaderSequences,
  ...retentionSequences,
  ...unchangedSequences,
  ...takeoverSequences,
  ...pruningSequences,
  ...keepingSequences,
  ...automaticPruneSequences,
  ...tornListingSequences,
  ...callsAtOnceSequences,
  ...straySequences,
  ...omissionSequences,
  ...damageSequences,
  ...givenUpSequences,
  ...lostControlSequences,
  ...anchoredSequences,
  ...givenBytesSequences,
  ...pinSequences,
  ...chunkSequences,
  ...reusedChunkSequences,
  ...codecSequences,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));

const timeoutMs = 60_000;

/**
 * Drives the protocol through every sequence that is known to break a careless one, on a real store, with faults
 * between the backend and the store.
 */
export function backendConformance(runner: Runner, harness: BackendHarness): void {
  runner.describe(`backend conformance: ${harness.name}`, () => {
    for (const sequence of sequences) {
      declare(
        runner,
        `${sequence.id} ${sequence.title}`,
        async () => {
          const store = await harness.open();
          const world = new World(store, { verifyObjects: sequence.verifyObjects ?? false });
          try {
            await sequence.run(world);
          } catch (error) {
            throw explained(error, sequence, world);
          } finally {
            await harness.close?.(store);
          }
        },
        timeoutMs,
      );
    }
  });
}

/** The error, with what someone who did not write the sequence needs: the rules it is about, and the schedule. */
function explained(error: unknown, { rules }: Sequence, { schedule }: World): unknown {
  if (!(error instanceof Error)) return error;
  const about = `It is about ${rules.join(", ")} (docs/protocol.md).`;
  error.message += `\n\n${about}\n${shownSchedule(schedule)}`;
  return error;
}
