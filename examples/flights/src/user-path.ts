import { resolve } from "node:path";

/**
 * Resolves a path of the command line. `pnpm` runs a script in its package's folder, and names the
 * folder that it was called in by `INIT_CWD`.
 */
export function resolveUserPath(path: string): string {
  return resolve(process.env["INIT_CWD"] ?? "", path);
}
