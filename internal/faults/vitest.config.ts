import { defineConfig } from "vitest/config";

export default defineConfig({
  // Many of them wait for a response that never ends.
  test: { maxConcurrency: 16 },
});
