/** Prints the end of `pnpm test`: the servers that it did not test on, and the commands that do. */
import { commandFor, installedServers, memoryS3 } from "./installed.ts";

const lines = installedServers.map(
  (server) =>
    `  ${server.name}: \`${commandFor(server)} && npx -y pnpm@12 test:servers${server.isExtra === true || server === memoryS3 ? " --all" : ""}\``,
);
process.stdout.write(`
The stores of the clouds ran on doubles of S3 and Cloud Storage, and on Azurite. Not run:
  the long tests: \`npx -y pnpm@12 test:long\`
${lines.join("\n")}
  the clouds themselves: STATE_TEST_S3, STATE_TEST_GCS and STATE_TEST_AZURE name a place to test in; see CONTRIBUTING.md
`);
