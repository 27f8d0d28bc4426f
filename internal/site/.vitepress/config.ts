import { slug } from "github-slugger";
import { defineConfig } from "vitepress";
import llmstxt from "vitepress-plugin-llms";
import { sitePages } from "../src/pages.ts";
import { addressesOf } from "../src/repository.ts";
import { root, site, staged } from "../src/folders.ts";
import { drawMermaid } from "./mermaid-fence.ts";
import { sidebar, topBar } from "./navigation.ts";

const { repository, base, origin } = addressesOf(process.env);
const pages = await sitePages(root);
const description = "Durable, exactly-once checkpoint state on any object store";

export default defineConfig({
  title: "@state",
  description,
  lang: "en",
  base,
  srcDir: staged,
  outDir: `${site}/dist`,
  cleanUrls: true,
  markdown: {
    // As GitHub makes anchors, so that a link holds on the site and in the repository.
    anchor: { slugify: (heading) => slug(heading) },
    config: drawMermaid,
  },
  themeConfig: {
    nav: topBar(pages),
    sidebar: await sidebar(pages, staged),
    outline: [2, 3],
    search: { provider: "local" },
    ...(repository !== undefined && { socialLinks: [{ icon: "github", link: repository }] }),
  },
  vite: {
    plugins: [
      llmstxt({
        title: "@state",
        description,
        // The first page is the README, and says what everything is.
        excludeIndexPage: false,
        excludeUnnecessaryFiles: false,
        stripHTML: false,
        // The reference is longer than all pages together; its pages are listed, and there one by one.
        ignoreFilesPerOutput: { llmsFullTxt: ["api/**"] },
        ...(origin !== undefined && { domain: origin }),
      }),
    ],
    // What mermaid publishes bundled and minified spares the build all that it is made of.
    resolve: { alias: [{ find: /^mermaid$/, replacement: "mermaid/dist/mermaid.esm.min.mjs" }] },
    // Mermaid is one large chunk, which only pages with a diagram load.
    build: { chunkSizeWarningLimit: 4_000 },
  },
});
