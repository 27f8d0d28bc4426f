/**
 * Writes into each package that is published where it comes from: `repository`, `homepage` and `bugs`,
 * and links of the README that lead there from npm's page. `pnpm release:publish` runs it, in a checkout
 * that nothing is committed from afterwards.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Address, addressOf, originOf, withAbsoluteLinks } from "./address.ts";
import { publicPackages, root } from "./tarballs.ts";

async function addressPackage(path: string, address: Address): Promise<void> {
  const folder = relative(root, path);
  const [manifestFile, readmeFile] = [join(path, "package.json"), join(path, "README.md")];
  const readme = withAbsoluteLinks(await readFile(readmeFile, "utf8"), folder, address, root);
  const manifest = JSON.parse(await readFile(manifestFile, "utf8")) as object;
  await writeFile(
    manifestFile,
    `${JSON.stringify({ ...manifest, ...originOf(address, folder) }, null, 2)}\n`,
  );
  await writeFile(readmeFile, readme);
}

const address = addressOf(process.env);
for (const { folder } of publicPackages) await addressPackage(folder, address);
process.stdout.write(`${publicPackages.length} packages say that they come from ${address.url}\n`);
