/** `pnpm servers`: installs the servers that the tests use into an ignored folder. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import {
  binaryOf,
  furtherServers,
  type InstalledServer,
  installedServers,
  isInstalled,
  serversFolder,
  stampOf,
} from "./installed.ts";

const all = process.argv.includes("--all");

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs a command with its output shown, and returns whether it ended well. */
function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  say(`  ${command} ${args.join(" ")}`);
  const { status, error } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (error !== undefined) say(`  ${error.message}`);
  return status === 0;
}

function install(server: InstalledServer): boolean {
  rmSync(stampOf(server), { force: true });
  if (server.from === "go" && isAbsolute(server.source))
    return run("go", ["build", "-C", server.source, "-o", binaryOf(server), "."]);
  if (server.from === "go") {
    return run("go", ["install", `${server.source}@${server.version}`], { GOBIN: serversFolder });
  }
  if (server.from === "mvn") return copyJars(server);
  const venv = join(binaryOf(server), "../..");
  rmSync(venv, { recursive: true, force: true });
  const requirement = `${server.source}==${server.version}`;
  return (
    run("python3", ["-m", "venv", venv]) &&
    run(join(venv, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", requirement])
  );
}

/** Copies what the program runs on, out of Maven's repository. */
function copyJars(server: InstalledServer): boolean {
  const folder = binaryOf(server);
  rmSync(folder, { recursive: true, force: true });
  return run("mvn", [
    "--quiet",
    "--batch-mode",
    "--file",
    server.source,
    `-D${server.binary}.version=${server.version}`,
    `-DoutputDirectory=${folder}`,
    "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
  ]);
}

/** The commands that have to be there, each with what it does harmlessly. */
const toolsFor: Readonly<Record<InstalledServer["from"], readonly (readonly [string, string])[]>> = {
  go: [["go", "version"]],
  python3: [["python3", "--version"]],
  mvn: [
    ["mvn", "--version"],
    ["java", "-version"],
  ],
};

mkdirSync(serversFolder, { recursive: true });
say("Azurite: there, with npm");
let missing = 0;
for (const server of [...installedServers, ...furtherServers]) {
  if (server.isExtra === true && !all) continue;
  if (isInstalled(server)) {
    say(`${server.name} ${server.version}: there`);
    continue;
  }
  const lacking = toolsFor[server.from].find(([tool, arg]) => spawnSync(tool, [arg]).status !== 0);
  if (lacking !== undefined) {
    say(`${server.name}: not brought, it needs ${lacking[0]}, which is not on the path`);
    missing += 1;
    continue;
  }
  say(`${server.name} ${server.version}: building it, which takes minutes the first time`);
  if (install(server)) {
    writeFileSync(stampOf(server), server.version);
    say(`${server.name}: done`);
  } else {
    say(`${server.name}: failed, see above`);
    missing += 1;
  }
}
process.exitCode = missing === 0 ? 0 : 1;
