import { join, resolve } from "node:path";
import { publicEntryPoints, writeReference } from "./reference.ts";

const root = resolve(import.meta.dirname, "../../..");
const out = join(root, "docs/api");
const entries = await publicEntryPoints(root);
await writeReference(entries, out);
process.stdout.write(`${[...entries.keys()].join("\n")}\nwritten to ${out}\n`);
