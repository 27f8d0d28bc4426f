/** The entry for workerd, which calls a module's handlers: `workerd test` calls `test`. */
import { printReport } from "./print-report.ts";

const worker: { test(): Promise<void> } = { test: printReport };

// oxlint-disable-next-line import/no-default-export -- where workerd looks for the handlers
export default worker;
