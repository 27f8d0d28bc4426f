import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backendConformance, type Runner, storeConformance } from "@state/core/conformance";
import { SqliteStore } from "../src/index.ts";

/** Both suites on SQLite, for whatever runner. Every case has a file of its own. */
export function conformance(runner: Runner): void {
  const scratch = mkdtempSync(join(tmpdir(), "state-sqlite-"));
  process.once("exit", () => rmSync(scratch, { recursive: true }));
  const paths = new Map<object, string>();
  const at = (path: string): SqliteStore => {
    const store = new SqliteStore({ path });
    paths.set(store, path);
    return store;
  };
  const harness = {
    name: "SqliteStore",
    open: async () => at(join(scratch, `${crypto.randomUUID()}.sqlite`)),
    reopen: async (store: object) => at(paths.get(store) ?? ""),
    close: async (store: { close?(): Promise<void> }) => store.close?.(),
  };
  storeConformance(runner, harness);
  backendConformance(runner, harness);
}
