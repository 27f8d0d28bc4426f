/** The command line. */
import { parseArgs } from "node:util";
import { namesStore, storeForms } from "./store.ts";
import { killPoints } from "./strike-plan.ts";
import { UsageError } from "./usage-error.ts";
import { wholeNumber } from "./whole-number.ts";

export interface Options {
  readonly records: number;
  readonly barrier: number;
  readonly workers: number;
  readonly kills: number;
  readonly seed: number;
  /** Milliseconds without a seal after which the crew that stands by takes over. */
  readonly patience: number;
  /** `undefined`: in the temporary folder. */
  readonly store: string | undefined;
  /** `undefined`: in the temporary folder. */
  readonly out: string | undefined;
  readonly keep: boolean;
}

/** The number of epochs for each kill: the job recovers from one before the next. */
const epochsPerKill = 4;

export const usage = `Counts the delays of 3,000,000 flights in several processes, kills them again and again, and checks that the result is
what a plain read of the file gives: no flight lost, none counted twice.

  --records N     how much of the input to process          (3000000)
  --barrier N     flights an epoch                          (15000)
  --workers N     worker processes                          (2)
  --kills N       processes to kill: 0, or at least 6,
                  one for each point there is               (12)
  --seed N        decides who is killed where               (1)
  --patience MS   how long nothing is sealed before the
                  standby takes over, in milliseconds       (600)
  --store URL     where the checkpoints go                  (a temporary folder)
                  fs:DIR, s3://BUCKET/PREFIX,
                  gs://BUCKET/PREFIX,
                  azure://ACCOUNT/CONTAINER/PREFIX
  --out DIR       where the rows go                         (a temporary folder)
  --keep          leave the temporary folder for a look
  --help          this text

The exit code is 0 if everything is equal, 1 if anything differs, 2 if the arguments are wrong.
`;

/** Reads the command line; `"help"` when that is what it asks for. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help) return "help";

  const records = wholeNumber("records", values.records, 1, 3_000_000);
  const barrier = wholeNumber("barrier", values.barrier, 1, 3_000_000);
  const kills = wholeNumber("kills", values.kills, 0, 1000);
  if (kills > 0 && kills < killPoints.length) {
    throw new UsageError(
      `--kills ${kills}: there are ${killPoints.length} points to kill at; 0 is no chaos at all`,
    );
  }
  const epochs = Math.ceil(records / barrier);
  if (epochs < kills * epochsPerKill) {
    throw new UsageError(
      `${records} records at ${barrier} an epoch are ${epochs} epochs: ${kills} kills need ${kills * epochsPerKill}; ` +
        "raise --records, or lower --barrier or --kills",
    );
  }
  if (values.store !== undefined && !namesStore(values.store)) {
    throw new UsageError(`--store ${values.store}: expected ${storeForms}`);
  }
  return {
    records,
    barrier,
    kills,
    workers: wholeNumber("workers", values.workers, 1, 16),
    seed: wholeNumber("seed", values.seed, 0, 2 ** 32 - 1),
    patience: wholeNumber("patience", values.patience, 1, 600_000),
    store: values.store,
    out: values.out,
    keep: values.keep,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      // `npm` and `pnpm` users write a `--` before the arguments of a script.
      args: args.filter((arg) => arg !== "--"),
      options: {
        records: { type: "string", default: "3000000" },
        barrier: { type: "string", default: "15000" },
        workers: { type: "string", default: "2" },
        kills: { type: "string", default: "12" },
        seed: { type: "string", default: "1" },
        patience: { type: "string", default: "600" },
        store: { type: "string" },
        out: { type: "string" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
