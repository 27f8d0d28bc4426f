import { join } from "node:path";
import { createServer } from "vitepress";
import { root, site } from "./folders.ts";
import { sitePages } from "./pages.ts";
import { stagePages, stageSite } from "./staging.ts";

/** Stages again, and says what is wrong: a page that is half written must not end the server. */
async function stage(): Promise<void> {
  try {
    for (const link of await stagePages()) process.stderr.write(`nothing is at ${link}\n`);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
  }
}

await stageSite();
const sources = (await sitePages(root)).map(({ source }) => join(root, source));
const server = await createServer(site, { host: "127.0.0.1" });
server.watcher.add(sources).on("change", (file) => {
  if (sources.includes(file)) void stage();
});
await server.listen();
server.printUrls();
