/** What a process has with its parent, the supervisor. */
import { writeSync } from "node:fs";
import type { Order, Report, Settings } from "./messages.ts";

/** The pipe for reports. `managed-process.ts` opens it. */
const reportsFd = 4;

/** Returns when the report has left this process, which may then be killed. */
export function report(message: Report): void {
  writeSync(reportsFd, `${JSON.stringify(message)}\n`);
}

export function settingsOfThisProcess(): Settings {
  return JSON.parse(process.argv[2] ?? "") as Settings;
}

/** Ties this process to its parent: it ends when the parent does, and leaves Ctrl-C to it. */
export function liveWithSupervisor(onOrder: (order: Order) => void, onTerm: () => Promise<void>): void {
  process.on("message", onOrder);
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => undefined);
  process.once("SIGTERM", () => {
    onTerm().then(
      () => process.exit(0),
      (error: unknown) => {
        throw error;
      },
    );
  });
}
