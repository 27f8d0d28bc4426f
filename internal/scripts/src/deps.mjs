// `pnpm deps [options]`: installs what the lockfile names, or with `--filter-prod` a part of it.
import { install } from "./install.mjs";

try {
  await install({ command: "pnpm", args: ["install", "--frozen-lockfile", ...process.argv.slice(2)] });
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
