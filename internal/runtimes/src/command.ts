/** The entry for runtimes that run a file: Node, Bun, Deno. */
import { printReport } from "./print-report.ts";

await printReport();
