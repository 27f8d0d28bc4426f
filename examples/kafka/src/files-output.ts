import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Output, OutputContext, PartitionOutput, SealedOutputs } from "@state/kafka";

export interface FilesOutputOptions {
  readonly root: string;
  /** Is called when a file is written and not renamed yet. */
  readonly beforeRename?: ((partition: number) => void) | undefined;
}

/**
 * Lets the records of an epoch out as a file of lines, `p=3/00000012.ndjson`. Whoever releases an epoch, and however
 * often, gives that file the same content: so it needs no fence of its own.
 */
export class FilesOutput implements Output {
  readonly #options: FilesOutputOptions;

  constructor(options: FilesOutputOptions) {
    this.#options = options;
  }

  async open({ partition: { partition }, base }: OutputContext): Promise<PartitionOutput> {
    const folder = join(this.#options.root, `p=${partition}`);
    await mkdir(folder, { recursive: true });
    const release = (outputs: SealedOutputs): Promise<void> => this.#release(folder, partition, outputs);
    // Whoever sealed it may have died before it could write the file.
    if (base !== undefined) await release(base);
    return { release, close: async () => undefined };
  }

  async #release(folder: string, partition: number, { epoch, records }: SealedOutputs): Promise<void> {
    if (records.length === 0) return;
    const path = join(folder, `${String(epoch).padStart(8, "0")}.ndjson`);
    const temporary = `${path}.${crypto.randomUUID()}.tmp`;
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(records.map(({ value }) => `${Buffer.from(value ?? []).toString()}\n`).join(""));
      await file.sync();
    } finally {
      await file.close();
    }
    this.#options.beforeRename?.(partition);
    await rename(temporary, path);
    const directory = await open(folder);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

/** All lines of a partition, in the order of the epochs. */
export async function readFiles(root: string, partition: number): Promise<readonly string[]> {
  const folder = join(root, `p=${partition}`);
  await mkdir(folder, { recursive: true });
  // Files that a killed process has left without their names are none of the output.
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ndjson")).toSorted();
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return contents.flatMap((content) => content.split("\n").slice(0, -1));
}
