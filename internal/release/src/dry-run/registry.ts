import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { startProcess } from "@state/servers/process";
import { stringify } from "yaml";

/** A registry on 127.0.0.1 that has nothing of ours, and hands on what others have published. */
export interface Registry {
  readonly url: string;
  /** npm's configuration for it, which pnpm and Bun read too. */
  readonly npmrc: string;
  /** What the registry says about a package, or `undefined` if it has none of that name. */
  describe(name: string): Promise<Packument | undefined>;
  stop(): Promise<void>;
}

export interface Packument {
  readonly "dist-tags": Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, PublishedManifest>>;
  readonly readme?: string;
}

export interface PublishedManifest {
  readonly version: string;
  readonly repository?: unknown;
  readonly homepage?: string;
  readonly bugs?: unknown;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Starts verdaccio below `folder`. `upstream` is the registry that this machine uses. */
export async function startRegistry(folder: string, upstream: string): Promise<Registry> {
  await mkdir(folder, { recursive: true });
  const config = join(folder, "config.yaml");
  await writeFile(
    config,
    stringify({
      storage: join(folder, "storage"),
      uplinks: { upstream: { url: upstream, maxage: "60m", timeout: "120s" } },
      packages: {
        // No uplink: only what this release publishes is there.
        "@state/*": { access: "$all", publish: "$all" },
        "**": { access: "$all", proxy: "upstream" },
      },
      auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
      log: { type: "stdout", format: "pretty", level: "warn" },
      max_body_size: "100mb",
    }),
  );
  const server = await startProcess({
    name: "verdaccio",
    command: process.execPath,
    args: (port) => [verdaccio(), "--config", config, "--listen", `127.0.0.1:${port}`],
    isReady: async (endpoint) => (await fetch(`${endpoint}/-/ping`)).ok,
  });
  const npmrc = join(folder, ".npmrc");
  const host = new URL(server.endpoint).host;
  // npm and pnpm publish nothing without a token; this registry asks for none.
  await writeFile(npmrc, `registry=${server.endpoint}/\n//${host}/:_authToken=dry-run\n`);
  return {
    url: `${server.endpoint}/`,
    npmrc,
    describe: async (name) => {
      const response = await fetch(`${server.endpoint}/${name.replace("/", "%2f")}`);
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`the registry responded with ${response.status} for ${name}`);
      return (await response.json()) as Packument;
    },
    stop: () => server.stop(),
  };
}

function verdaccio(): string {
  const manifest = createRequire(import.meta.url).resolve("verdaccio/package.json");
  return join(dirname(manifest), "bin/verdaccio");
}
