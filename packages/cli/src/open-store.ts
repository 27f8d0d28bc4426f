import { pathToFileURL } from "node:url";
import { join } from "node:path";
import type { ObjectStore } from "@state/core";
import { moduleResolve } from "import-meta-resolve";
import { UsageError } from "./usage-error.ts";

/** The forms of a store's URL, for messages. */
export const storeForms =
  "fs:DIR, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or azure://ACCOUNT/CONTAINER/PREFIX";

const adapters: Readonly<Record<string, string>> = {
  fs: "@state/fs",
  s3: "@state/s3",
  gs: "@state/gcs",
  azure: "@state/azure",
  memory: "@state/memory",
};

export interface StoreRequest {
  readonly url: string;
  /** The package of an adapter that this command does not know; or the path of a module. */
  readonly adapter: string | undefined;
  /** The folder of the project whose packages are meant. */
  readonly directory: string;
}

/** The scheme of a store's URL, and the package of its adapter, or the path of its module. @throws `UsageError` */
export function adapterOf(
  url: string,
  adapter: string | undefined,
): { readonly scheme: string; readonly name: string } {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/.exec(url) ?? [];
  if (scheme === undefined) throw new UsageError(`${JSON.stringify(url)} is no store: use ${storeForms}`);
  const name = adapter ?? adapters[scheme];
  if (name === undefined)
    throw new UsageError(`no adapter is known for ${scheme}: name its package by --adapter`);
  return { scheme, name };
}

/** Opens the store by the adapter that the caller's project has. @throws `UsageError` */
export async function openStore({ url, adapter, directory }: StoreRequest): Promise<ObjectStore> {
  const { scheme, name } = adapterOf(url, adapter);
  const module = await load(name, directory);
  const { urlSchemes, storeFromUrl } = module;
  if (!Array.isArray(urlSchemes) || typeof storeFromUrl !== "function")
    throw new UsageError(`${name} is no adapter for tools: it exports no urlSchemes and storeFromUrl`);
  if (!urlSchemes.includes(scheme))
    throw new UsageError(`${name} has no stores of ${scheme}, but of ${urlSchemes.join(", ")}`);
  return (storeFromUrl as (of: string) => ObjectStore)(url);
}

async function load(name: string, directory: string): Promise<Readonly<Record<string, unknown>>> {
  for (const from of placesOf(directory)) {
    try {
      return (await import(moduleResolve(name, from, conditions()).href)) as Readonly<
        Record<string, unknown>
      >;
    } catch (error) {
      if (!isAbsent(error, name)) throw error;
    }
  }
  const install = name.startsWith(".") ? "" : `: npm install ${name}`;
  throw new UsageError(`${name} is not installed in ${directory}${install}`);
}

/** Where packages are looked for: beside the project's those that this command was installed with. */
function placesOf(directory: string): readonly URL[] {
  return [pathToFileURL(join(directory, "package.json")), new URL(import.meta.url)];
}

/** Where a module is that the project or this command has; `undefined` if neither shows it. */
export function resolveIn(name: string, directory: string): URL | undefined {
  for (const from of placesOf(directory)) {
    try {
      return moduleResolve(name, from, conditions());
    } catch (error) {
      const { code } = Object(error) as { readonly code?: unknown };
      if (code !== "ERR_MODULE_NOT_FOUND" && code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    }
  }
  return undefined;
}

/** Those that Node itself was started with. */
function conditions(): Set<string> {
  const given = [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(" ")]
    .map((argument) => /^(?:--conditions|-C)=(.+)$/.exec(argument)?.[1])
    .filter((condition) => condition !== undefined);
  return new Set(["node", "import", ...given]);
}

/** Whether the adapter itself is not there; and not one of the modules that it needs, of which its own error tells more. */
function isAbsent(error: unknown, name: string): boolean {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" && typeof message === "string" && message.includes(`'${name}'`);
}
