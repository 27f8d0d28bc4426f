/** The command line. */
import { parseArgs } from "node:util";
import { namesStore } from "flights/store";
import { UsageError } from "flights/usage-error";
import { wholeNumber } from "flights/whole-number";

export interface Options {
  readonly strikes: number;
  readonly records: number;
  readonly workers: number;
  readonly seed: number;
  /** `undefined`: in the temporary folder. */
  readonly store: string | undefined;
  /** `undefined`: a broker of its own. */
  readonly brokers: readonly string[] | undefined;
  readonly report: string | undefined;
  readonly keep: boolean;
}

export const usage = `Keeps statistics of flights per partition, exactly once, while processes and the broker are killed; and the usual way beside it.

  --strikes N          kills, pauses, rebalances, restarts       (20)
  --records N          flights, at least                         (40000)
  --workers N          processes of each way                     (2)
  --seed N             decides who is struck where               (1)
  --store URL          where the state goes                      (a temporary folder)
                       fs:DIR, s3://BUCKET/PREFIX, …
  --brokers HOST:PORT  a cluster of yours, commas between more   (a broker that is started and struck)
  --report FILE        writes the report there too
  --keep               leave the temporary folder for a look
  --help               this text

The exit code is 0 if everything is equal, 1 if anything differs, 2 if the arguments are wrong or Kafka is not there.
`;

/** Reads the command line; `"help"` when that is what it asks for. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help) return "help";
  if (values.store !== undefined && !namesStore(values.store))
    throw new UsageError(`--store ${values.store}: expected fs:DIR, s3://BUCKET/PREFIX or another cloud's`);
  return {
    strikes: wholeNumber("strikes", values.strikes, 0, 1_000),
    records: wholeNumber("records", values.records, 1_000, 2_000_000),
    workers: wholeNumber("workers", values.workers, 2, 8),
    seed: wholeNumber("seed", values.seed, 0, 2 ** 32 - 1),
    store: values.store,
    brokers: values.brokers?.split(",").map(broker),
    report: values.report,
    keep: values.keep,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      // `npm` and `pnpm` users write a `--` before the arguments of a script.
      args: args.filter((arg) => arg !== "--"),
      options: {
        strikes: { type: "string", default: "20" },
        records: { type: "string", default: "40000" },
        workers: { type: "string", default: "2" },
        seed: { type: "string", default: "1" },
        store: { type: "string" },
        brokers: { type: "string" },
        report: { type: "string" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function broker(text: string): string {
  if (/^[^\s:]+:\d+$/.test(text)) return text;
  throw new UsageError(`--brokers ${text}: expected HOST:PORT`);
}
