import { defineConfig } from "rolldown";

// One file to load instead of thirty: importing core is mostly the time that Node takes for each module.
export default defineConfig({
  input: {
    index: "src/index.ts",
    "adapter/index": "src/adapter/index.ts",
    "codecs/index": "src/codecs/index.ts",
    "conformance/index": "src/conformance/index.ts",
    "copy/index": "src/copy/index.ts",
    "standby/index": "src/standby/index.ts",
    "verify/index": "src/verify/index.ts",
  },
  external: /^node:/,
  transform: { target: "es2024" },
  output: { dir: "dist", chunkFileNames: "[name].js", sourcemap: true, cleanDir: true },
});
