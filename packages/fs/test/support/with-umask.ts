// Creates objects under the umask and with the options given.
import process from "node:process";
import { FsStore } from "../../src/index.ts";

const [, , root = "", umask = "", options = ""] = process.argv;
process.umask(Number(umask));
const store = new FsStore({ root, ...JSON.parse(options) });
await store.create("a/b/c", new Uint8Array(4));
