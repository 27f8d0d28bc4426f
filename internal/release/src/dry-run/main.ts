/**
 * `pnpm release:dry-run`: a whole release of the last commit, in a clone and to a registry on 127.0.0.1,
 * with nothing of it anywhere else. Strangers install it in empty projects. It ends at the first thing
 * that is not as it should be.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { publicPackages, root } from "../tarballs.ts";
import { output, Progress } from "./commands.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { makeStrangers, type Stranger } from "./strangers.ts";
import { address, type Versions, WorkspaceClone } from "./workspace-clone.ts";

const progress = new Progress();

async function dryRun(scratch: string, registry: Registry): Promise<void> {
  progress.say("clones the last commit, and installs it");
  const clone = await WorkspaceClone.make(scratch, registry);

  progress.say("versions the packages by their changesets");
  await clone.version();
  const first = await clone.versions();
  progress.say("tries to publish with the workflow's provenance, which only GitHub can sign");
  await assert.rejects(clone.publish(await workflowEnvironment()), /provenance/i);
  assert.deepEqual(Object.values(await publishedVersions(registry)).flat(), []);
  progress.say(
    `publishes ${Object.entries(first)
      .map((each) => each.join("@"))
      .join(", ")}`,
  );
  await clone.publish();
  await expectPublished(registry, first, await clone.head());

  const strangers = await makeStrangers(scratch, registry);
  for (const stranger of strangers) {
    progress.say(`${stranger.name}: installs @state/core and @state/fs, and runs the README's program twice`);
    await stranger.install("@state/core", "@state/fs");
    assert.equal(await stranger.runProgram(), "sealed epoch 0, count 1\n", stranger.name);
    assert.equal(await stranger.runProgram(), "sealed epoch 2, count 2\n", stranger.name);
  }

  progress.say("Node 24: npm create @state/adapter, and tests what it made");
  const node24 = strangers.find(({ name }) => name === "Node 24");
  assert(node24 !== undefined);
  await createAdapter(node24);

  progress.say("changes @state/fs alone, and releases it");
  const fs = publicPackages.find(({ name }) => name === "@state/fs");
  assert(fs !== undefined);
  await clone.change(fs);
  await clone.version();
  const second = await clone.versions();
  assert.deepEqual(
    second,
    { ...first, "@state/fs": second["@state/fs"] },
    "a patch of @state/fs versions something else too",
  );
  assert.notEqual(second["@state/fs"], first["@state/fs"]);
  const before = await publishedVersions(registry);
  await clone.publish();
  const after = await publishedVersions(registry);
  const newest = second["@state/fs"] ?? "";
  assert.deepEqual(after, { ...before, "@state/fs": [...(before["@state/fs"] ?? []), newest] });

  for (const stranger of strangers) {
    progress.say(`${stranger.name}: upgrades @state/fs alone, and counts on`);
    await stranger.install(`@state/fs@${newest}`);
    assert.equal(await stranger.versionOf("@state/fs"), newest, stranger.name);
    assert.equal(await stranger.versionOf("@state/core"), first["@state/core"], stranger.name);
    assert.equal(await stranger.runProgram(), "sealed epoch 4, count 3\n", stranger.name);
  }
}

/** What the release workflow gives to the step that publishes. */
async function workflowEnvironment(): Promise<Record<string, string>> {
  const text = await readFile(join(root, ".github/workflows/release.yml"), "utf8");
  const { jobs } = parse(text) as {
    jobs: { release: { steps: readonly { uses?: string; env?: Record<string, string> }[] } };
  };
  const step = jobs.release.steps.find(({ uses }) => uses?.startsWith("changesets/action@"));
  return step?.env ?? {};
}

/** Each package is there, says where it comes from, and has no link that leads nowhere from npm's page. */
async function expectPublished(registry: Registry, versions: Versions, commit: string): Promise<void> {
  for (const { name } of publicPackages) {
    const published = await registry.describe(name);
    const version = versions[name] ?? "";
    const manifest = published?.versions[version];
    assert(manifest !== undefined, `${name}@${version} is not on the registry`);
    const directory = `packages/${name.slice("@state/".length)}`;
    assert.deepEqual(manifest.repository, { type: "git", url: `git+${address}.git`, directory }, name);
    assert.equal(manifest.homepage, `${address}/tree/${commit}/${directory}#readme`, name);
    assert.deepEqual(manifest.bugs, { url: `${address}/issues` }, name);
    assert.match(published?.readme ?? "", /^# /, `${name} has no README on the registry`);
    assert.doesNotMatch(published?.readme ?? "", /\]\(\.\.?\//, `a relative link in ${name}'s README`);
    assert(!JSON.stringify(manifest).includes("workspace:"), `${name} depends on a workspace`);
  }
}

async function publishedVersions(registry: Registry): Promise<Record<string, string[]>> {
  const entries = publicPackages.map(async ({ name }) => {
    return [name, Object.keys((await registry.describe(name))?.versions ?? {})] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function createAdapter({ run, folder }: Stranger): Promise<void> {
  await run("npm", "create", "--yes", "@state/adapter", "my-store", "--", "--name", "@me/state-my-store");
  const project = join(folder, "my-store");
  for (const args of [["install"], ["test"], ["run", "typecheck"], ["run", "build"]]) {
    await run("npm", "--prefix", project, ...args);
  }
}

const scratch = await realpath(await mkdtemp(join(tmpdir(), "state-dry-run-")));
try {
  const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
  const upstream = await output({ program: "npm", args: ["config", "get", "registry"], cwd: scratch, env });
  const registry = await startRegistry(join(scratch, "registry"), upstream.trim());
  try {
    await dryRun(scratch, registry);
    progress.say("the release holds");
  } finally {
    await registry.stop();
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
