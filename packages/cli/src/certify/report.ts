import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { contractVersion } from "@state/core";
import { adapterOf, resolveIn } from "../open-store.ts";
import type { Certified } from "./certify.ts";

/** What `--report` writes. */
export interface CertifyReport extends Certified {
  readonly certified: boolean;
  readonly scheme: string;
  readonly adapter: string;
  /** ISO 8601. */
  readonly date: string;
  readonly processes: number;
  /** How long the races were to take. */
  readonly seconds: number;
  readonly contractVersion: number;
  /** By package; `undefined` of one that does not tell. */
  readonly versions: Readonly<Record<string, string | undefined>>;
}

export interface ReportOptions {
  readonly certified: Certified;
  readonly isCertified: boolean;
  readonly url: string;
  readonly adapter: string | undefined;
  readonly directory: string;
  readonly processes: number;
  readonly seconds: number;
}

export async function reportOf(options: ReportOptions): Promise<CertifyReport> {
  const { certified, isCertified, url, adapter, directory, processes, seconds } = options;
  const { scheme, name } = adapterOf(url, adapter);
  const own = new URL("../../package.json", import.meta.url);
  const versions: Record<string, string | undefined> = {
    node: process.version,
    "@state/cli": await versionIn(own),
    "@state/core": await versionOf("@state/core", directory),
  };
  // A module of the caller's own has none.
  if (!name.startsWith(".")) versions[name] = await versionOf(name, directory);
  return {
    certified: isCertified,
    ...certified,
    scheme,
    adapter: name,
    date: new Date().toISOString(),
    processes,
    seconds,
    contractVersion,
    versions,
  };
}

async function versionOf(name: string, directory: string): Promise<string | undefined> {
  const manifest = resolveIn(`${name}/package.json`, directory);
  return manifest === undefined ? undefined : versionIn(manifest);
}

async function versionIn(manifest: URL): Promise<string | undefined> {
  const { version } = JSON.parse(await readFile(fileURLToPath(manifest), "utf8")) as {
    readonly version?: string;
  };
  return version;
}
