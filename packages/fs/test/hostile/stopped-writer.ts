// Creates an object and stands still just before the link, until it is told to go on; then
// tries again.
import process from "node:process";
import { nodeFileSystem } from "../../src/file-system.ts";
import { LocalStore } from "../../src/local-store.ts";
import { outcome, report, untilTold } from "./report.ts";

const [, , root = ""] = process.argv;
let attempts = 0;
const store = new LocalStore(
  { root },
  {
    ...nodeFileSystem,
    link: async (staged, path) => {
      attempts += 1;
      if (attempts === 1) {
        report({ staged });
        await untilTold();
      }
      return nodeFileSystem.link(staged, path);
    },
  },
);
report(await outcome(store.create("a/b", new Uint8Array(4))));
report(await outcome(store.create("a/b", new Uint8Array(4))));
