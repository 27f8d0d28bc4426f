import { defineConfig } from "vitest/config";

export default defineConfig({
  // What is in `src` is run by the runtimes.
  test: { include: ["test/**/*.test.ts"] },
});
