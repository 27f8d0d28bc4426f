import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { access, glob, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./tarballs.ts";

/** Outside of the workspace: what lies below it would find the workspace's own packages. */
export const projectsFolder = join(
  realpathSync(tmpdir()),
  `state-projects-${createHash("sha256").update(root).digest("hex").slice(0, 8)}`,
);

/** Written last, so that projects that were laid in part count as none. */
export const stampFile = join(projectsFolder, "stamp");

/** The folder that the guide for adapters calls `~`. */
export const guideHome = join(projectsFolder, "home");

/** A digest of everything that the projects are made of. */
export async function digestOfSources(): Promise<string> {
  const files: string[] = [];
  const sources = [
    "packages/*/{package.json,README.md,{src,dist}/**/*.*}",
    "docs/writing-an-adapter.md",
    "examples/adapter-sqlite/**/*.*",
    "internal/release/src/{projects,lay-projects}.ts",
  ];
  for await (const file of glob(sources, { cwd: root })) files.push(file);
  const digest = createHash("sha256");
  for (const file of files.toSorted()) digest.update(`${file}\n`).update(await readFile(join(root, file)));
  return digest.digest("hex");
}

/** Whether the projects are there, and made of what the workspace holds now. */
export async function areLaid(): Promise<boolean> {
  const isThere = await access(stampFile).then(
    () => true,
    () => false,
  );
  return isThere && (await readFile(stampFile, "utf8")) === (await digestOfSources());
}

/** Rejects unless they are: tests install nothing. */
export async function expectLaid(): Promise<void> {
  if (await areLaid()) return;
  throw new Error(
    "The projects of these tests are not there, or older than the packages: `pnpm build && pnpm projects` lays them",
  );
}

/** The project that has core and this package installed. */
export function consumerOf(name: string): string {
  return join(projectsFolder, "consumers", name);
}
