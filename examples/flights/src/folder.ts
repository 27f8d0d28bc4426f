import { resolve } from "node:path";

/** A path as the user means it: `pnpm` runs a script in its package's folder, and tells where it was called. */
export function absolute(path: string): string {
  return resolve(process.env["INIT_CWD"] ?? "", path);
}
