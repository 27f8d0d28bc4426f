import { defineConfig } from "vitest/config";

export default defineConfig({
  // Most of them wait for an answer that never comes.
  test: { maxConcurrency: 16 },
});
