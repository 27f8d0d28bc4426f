import { globSync } from "node:fs";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@state/source", "module", "node", "development|production"] } },
  test: {
    projects: globSync(["packages/*/", "internal/*/", "examples/flights/"], { cwd: import.meta.dirname }).map(
      (root) => ({
        extends: true,
        root,
        test: { name: root.replace(/^.*\/(?=.)/, "") },
      }),
    ),
    env: { NODE_OPTIONS: "--conditions=@state/source" },
    passWithNoTests: false,
  },
});
