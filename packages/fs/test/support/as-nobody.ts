// Run as root: becomes another user and says what each operation on the root given meets.
import process from "node:process";
import { isStoreError } from "@state/core";
import { FsStore } from "@state/fs";

const [, , root = ""] = process.argv;
process.setgid?.(65_534);
process.setuid?.(65_534);

const store = new FsStore({ root });
const body = new Uint8Array(4);

async function outcome(running: Promise<unknown>): Promise<unknown> {
  try {
    return await running;
  } catch (error) {
    return describeError(error);
  }
}

function describeError(error: unknown): string {
  if (!isStoreError(error)) return String(error);
  return `${error.code} ${/ at ([^:]*):/.exec(error.message)?.[1]}`;
}

const outcomes: Record<string, unknown> = {};
for (const key of ["readable/b", "closed/b", "new/b", "open/b"]) {
  outcomes[`create ${key}`] = await outcome(store.create(key, body));
}
for (const key of ["readable/a", "closed/a"]) {
  outcomes[`get ${key}`] = await outcome(store.get(key).then((bytes) => `${bytes?.length} bytes`));
}
outcomes["list closed/"] = await outcome(store.list("closed/")[Symbol.asyncIterator]().next());
for (const key of ["readable/a", "closed/a"]) {
  const [failure] = await store.delete([key]);
  outcomes[`delete ${key}`] = describeError(failure?.error);
}
process.stdout.write(JSON.stringify(outcomes));
