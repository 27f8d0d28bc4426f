// Writes the example into the build as one file: npm would leave a `.gitignore` out of the tarball.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readExample } from "./template.ts";

const file = resolve(import.meta.dirname, "../dist/template.json");
await writeFile(file, `${JSON.stringify(await readExample(), null, 2)}\n`);
