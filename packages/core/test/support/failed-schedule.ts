import { onTestFailed } from "vitest";
import { shownSchedule } from "../../src/conformance/backend-suite/world.ts";

/** If the running test fails, then its message ends with the requests that were sent until then. */
export function showScheduleOnFailure(schedule: () => readonly string[]): void {
  onTestFailed(({ task }) => {
    for (const error of task.result?.errors ?? []) error.message += `\n\n${shownSchedule(schedule())}`;
  });
}
