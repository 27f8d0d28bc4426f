import { points } from "./points.ts";
import type { Strike } from "./strike-plan.ts";

/** What a strike is, for lines and tables. */
export function nameOf(strike: Strike): string {
  switch (strike.type) {
    case "kill": {
      const killed = `SIGKILL at ${strike.point}: ${points[strike.point]}`;
      return strike.successor === undefined
        ? killed
        : `${killed}; its replacement at ${strike.successor}: ${points[strike.successor]}`;
    }
    case "pause":
      return `SIGSTOP at ${strike.point}: ${points[strike.point]}`;
    case "add":
      return "a worker more";
    case "remove":
      return "that worker ended by SIGTERM";
    case "restart the broker":
      return "the broker ended by SIGTERM, and started again";
    case "kill the broker":
      break;
  }
  return "the broker killed, and started again";
}
