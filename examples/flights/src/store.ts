import type { ObjectStore } from "@state/core";
import { FsStore } from "@state/fs";
import { absolute } from "./folder.ts";

/** Opens the store that a `--store` names. The one place to add another adapter. */
export function openStore(url: string): ObjectStore {
  const [, scheme = "", rest = ""] = /^([a-z0-9]+):(.+)$/.exec(url) ?? [];
  switch (scheme) {
    case "fs":
      return new FsStore({ root: absolute(rest) });
    default:
      throw new TypeError(`--store ${JSON.stringify(url)} names no store that this job knows: use fs:DIR`);
  }
}
