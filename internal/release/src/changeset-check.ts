import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { getReleasePlan } from "@changesets/get-release-plan";

const run = promisify(execFile);

interface PublicPackage {
  readonly name: string;
  readonly folder: string;
  readonly peers: readonly string[];
}

/** What the check found: a sentence for each thing that is wrong, and a note that says what was compared. */
export interface ChangesetReport {
  readonly note: string;
  readonly problems: readonly string[];
}

async function git(root: string, ...args: string[]): Promise<string> {
  return (await run("git", args, { cwd: root, maxBuffer: 1 << 28 })).stdout;
}

/** What git prints, or `undefined` if it ends with an exit code other than 0. */
async function gitOrUndefined(root: string, ...args: string[]): Promise<string | undefined> {
  try {
    return (await git(root, ...args)).trim();
  } catch (error) {
    // The code of a git that ran is a number. If git could not be started, it is a string, such as ENOENT.
    if (typeof (error as { code?: unknown }).code === "number") return undefined;
    throw error;
  }
}

async function publicPackages(root: string): Promise<PublicPackage[]> {
  const found: PublicPackage[] = [];
  for await (const file of glob("packages/*/package.json", { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, file), "utf8")) as {
      name: string;
      private?: boolean;
      peerDependencies?: Record<string, string>;
    };
    if (manifest.private) continue;
    const peers = Object.keys(manifest.peerDependencies ?? {});
    found.push({ name: manifest.name, folder: dirname(file), peers });
  }
  return found.toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Committed, staged, unstaged and new files that differ from where the branch left `base`. */
async function changedFiles(root: string, base: string): Promise<Set<string>> {
  const fork = await gitOrUndefined(root, "merge-base", base, "HEAD");
  if (fork === undefined) {
    throw new Error(
      `where this branch left ${base} is not in this clone: git fetch --unshallow, or rebase on ${base}`,
    );
  }
  // A renamed file changes the package that it leaves, too.
  const tracked = await git(root, "diff", "--name-only", "--no-renames", "-z", fork);
  const untracked = await git(root, "ls-files", "--others", "--exclude-standard", "--full-name", "-z");
  return new Set(`${tracked}${untracked}`.split("\0").filter((file) => file !== ""));
}

/** Checks that each package whose `src` is changed since the main branch is named by a changeset that is new since then. */
export async function checkChangesets(root: string): Promise<ChangesetReport> {
  const main = "main";
  const branch = await gitOrUndefined(root, "symbolic-ref", "--quiet", "--short", "HEAD");
  const candidates = branch === main ? [`origin/${main}`] : [`origin/${main}`, main];
  let base: string | undefined;
  for (const candidate of candidates) {
    const commit = await gitOrUndefined(root, "rev-parse", "--verify", "--quiet", `${candidate}^{commit}`);
    if (commit !== undefined) base ??= candidate;
  }
  if (base === undefined) {
    const where =
      branch === main ? `on ${main}, and there is no origin/${main}` : `there is no ${main} branch here`;
    return {
      note: `Nothing to compare with: ${where}. No change was checked for a changeset.`,
      problems: [],
    };
  }

  const packages = await publicPackages(root);
  const changed = await changedFiles(root, base);
  const { changesets, releases } = await getReleasePlan(root);
  const recent = changesets.filter(({ id }) => changed.has(`.changeset/${id}.md`));
  const named = new Set(recent.flatMap((changeset) => changeset.releases.map(({ name }) => name)));
  const problems: string[] = [];
  for (const { name, folder } of packages) {
    const sources = [...changed].filter((file) => file.startsWith(`${folder}/src/`)).toSorted();
    if (sources.length === 0 || named.has(name)) continue;
    problems.push(
      `${name} is changed (${sources.join(", ")}) and no new changeset names it: run pnpm changeset`,
    );
  }

  // Changesets itself releases them as a patch, which would break whoever updates within a major.
  const majors = new Set(releases.filter(({ type }) => type === "major").map(({ name }) => name));
  for (const { name, peers } of packages) {
    const peer = peers.find((candidate) => majors.has(candidate));
    if (peer === undefined || majors.has(name)) continue;
    problems.push(
      `a major of ${peer} raises the peer range of ${name}: name ${name} as major in a changeset`,
    );
  }
  return { note: `Compared with ${base}.`, problems };
}

if (import.meta.main) {
  const { note, problems } = await checkChangesets(process.cwd());
  process.stdout.write(`${note}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
