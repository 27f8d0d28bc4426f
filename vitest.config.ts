import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "internal/*", "examples/flights"],
    passWithNoTests: false,
  },
});
