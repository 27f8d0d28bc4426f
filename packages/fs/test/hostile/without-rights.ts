// Tries everything twice with one store: the parent gives the rights in between. Root, whom modes
// do not stop, becomes another user.
import process from "node:process";
import { FsStore } from "../../src/index.ts";
import { deleteOutcome, keys, outcome, report, untilTold } from "./report.ts";

const [, , root = ""] = process.argv;
if (process.getuid?.() === 0) {
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
const store = new FsStore({ root, fileMode: 0o644, directoryMode: 0o755 });

for (const turn of ["without", "with"]) {
  report({
    turn,
    get: await outcome(store.get("a/kept").then((body) => body?.length)),
    list: await outcome(keys(store, "a/")),
    create: await outcome(store.create("a/new", new Uint8Array(3))),
    createBeside: await outcome(store.create("b/new", new Uint8Array(3))),
    delete: await deleteOutcome(store, "a/doomed"),
  });
  if (turn === "without") await untilTold();
}
