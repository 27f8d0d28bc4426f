import { build } from "vitepress";
import { built, site } from "./folders.ts";
import { stageSite } from "./staging.ts";

const missing = await stageSite();
if (missing.length > 0) throw new Error(`links to what is not there:\n${missing.join("\n")}`);
await build(site);
process.stdout.write(`written to ${built}\n`);
