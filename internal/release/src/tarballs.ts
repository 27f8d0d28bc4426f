import { execFile } from "node:child_process";
import { glob, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const root = resolve(import.meta.dirname, "../../..");

export interface PublicPackage {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Every package that is published, by its name's order. */
export const publicPackages: readonly PublicPackage[] = await findPublicPackages();

async function findPublicPackages(): Promise<readonly PublicPackage[]> {
  const found: PublicPackage[] = [];
  for await (const file of glob("packages/*/package.json", { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, file), "utf8")) as Manifest;
    if (manifest.private !== true)
      found.push({ name: manifest.name, folder: dirname(join(root, file)), manifest });
  }
  return found.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Packs every public package as it would be published; returns the tarballs' paths by package name. */
export async function packAll(scratch: string): Promise<ReadonlyMap<string, string>> {
  const tarballs = publicPackages.map(async ({ name, folder }) => {
    const packed = join(scratch, "packed", name);
    await mkdir(packed, { recursive: true });
    // pnpm, not npm: npm leaves `workspace:` in the manifest.
    await run("pnpm", ["pack", "--pack-destination", packed], { cwd: folder });
    const [file] = await readdir(packed);
    return [name, join(packed, file ?? "")] as const;
  });
  return new Map(await Promise.all(tarballs));
}

export function tool(name: string): string {
  return join(root, "node_modules/.bin", name);
}
