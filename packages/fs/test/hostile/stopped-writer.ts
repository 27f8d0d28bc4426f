// Creates an object and stands still just before the link, until it is told to go on; then tries again.
import process from "node:process";
import { nodeFileSystem } from "../../src/file-system.ts";
import { LocalStore } from "../../src/store.ts";
import { outcome, tell, told } from "./stage.ts";

const [, , root = ""] = process.argv;
let attempts = 0;
const store = new LocalStore(
  { root },
  {
    ...nodeFileSystem,
    link: async (staged, path) => {
      attempts += 1;
      if (attempts === 1) {
        tell({ staged });
        await told();
      }
      return nodeFileSystem.link(staged, path);
    },
  },
);
tell(await outcome(store.create("a/b", new Uint8Array(4))));
tell(await outcome(store.create("a/b", new Uint8Array(4))));
