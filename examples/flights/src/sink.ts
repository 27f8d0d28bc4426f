import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Which rows a file holds, and which attempt staged them. The file's name says it. */
export interface Origin {
  /** The first row of the input that the file covers, for its worker's airports. */
  readonly from: number;
  /** The row after the last one. */
  readonly to: number;
  readonly epoch: number;
  readonly version: number;
  readonly worker: number;
}

const nameForm = /^rows-(\d{8})-(\d{8})\.epoch-(\d+)\.version-(\d+)\.worker-(\d+)\.csv$/;

/** A name that no other attempt uses: if rows are released twice, there are two files to be seen. */
export function nameOf({ from, to, epoch, version, worker }: Origin): string {
  const rows = [from, to].map((row) => String(row).padStart(8, "0")).join("-");
  return `rows-${rows}.epoch-${epoch}.version-${version}.worker-${worker}.csv`;
}

/** The origin in a name; `undefined` for a file that the sink did not make. */
export function originOf(name: string): Origin | undefined {
  const [, from, to, epoch, version, worker] = (nameForm.exec(name) ?? []).map(Number);
  if (
    from === undefined ||
    to === undefined ||
    epoch === undefined ||
    version === undefined ||
    worker === undefined
  ) {
    return undefined;
  }
  return { from, to, epoch, version, worker };
}

/**
 * A transactional output folder. Rows are staged, durably, before the epoch is sealed; the seal carries the names of the
 * staged files; a sealed epoch's files are moved to `released`, where readers of the job look.
 */
export class Sink {
  readonly staged: string;
  readonly released: string;

  constructor(folder: string) {
    this.staged = join(folder, "staged");
    this.released = join(folder, "released");
  }

  async open(): Promise<void> {
    await mkdir(this.staged, { recursive: true });
    await mkdir(this.released, { recursive: true });
  }

  /** Writes a file of rows that no reader sees yet. It is durable when this resolves: the seal promises it. */
  async stage(origin: Origin, rows: string): Promise<string> {
    const name = nameOf(origin);
    const file = await open(join(this.staged, name), "wx");
    try {
      await file.writeFile(rows);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(this.staged);
    return name;
  }

  /**
   * Shows a sealed epoch's file to readers. May be called again, and by several leaders at once: the
   * file is moved once, and later calls find it moved.
   */
  async release(name: string): Promise<void> {
    try {
      await rename(join(this.staged, name), join(this.released, name));
    } catch (error) {
      if (!isAbsent(error)) throw error;
      await stat(join(this.released, name));
    }
    await syncFolder(this.released);
  }

  /**
   * Deletes what attempts of versions below `version` staged and never sealed. Call it after
   * `takeover`, which ensures that no such attempt seals any more, and after releasing what the base
   * has sealed. Files of higher versions stay: otherwise a leader that is paused right before this
   * call would delete the rows of its successor.
   */
  async discardBelow(version: number): Promise<number> {
    const names = (await readdir(this.staged)).filter((name) => {
      const origin = originOf(name);
      return origin !== undefined && origin.version < version;
    });
    await Promise.all(names.map((name) => rm(join(this.staged, name), { force: true })));
    return names.length;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
