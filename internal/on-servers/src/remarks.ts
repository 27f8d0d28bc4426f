import type { Remarks } from "./certified-page.ts";

/** What was found when somebody looked into it. */
export const remarks: Remarks = {};
