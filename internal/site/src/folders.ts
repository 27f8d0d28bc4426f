import { join, resolve } from "node:path";

/** This package, which VitePress takes for its root. */
export const site: string = resolve(import.meta.dirname, "..");

/** The repository. */
export const root: string = resolve(site, "../..");

/** What VitePress reads: the pages, under their addresses on the site. */
export const staged: string = join(site, ".pages");

/** What VitePress writes. */
export const built: string = join(site, "dist");
