import type { Row } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { checkpointRows } from "./rows-checkpoint.ts";
import { cloudRows } from "./rows-clouds.ts";
import { coreRows } from "./rows-core.ts";
import { fsRows } from "./rows-fs.ts";
import { historyRows } from "./rows-history.ts";
import { importRows } from "./rows-import.ts";
import { memoryRows } from "./rows-memory.ts";
import { restoreRows } from "./rows-restore.ts";
import { s3Rows } from "./rows-s3.ts";

/** All rows, in the order in which they run. Each id is there once. */
export function rowsOf(machine: Machine): readonly Row[] {
  return [
    ...s3Rows(machine),
    ...checkpointRows(machine),
    ...fsRows(machine),
    ...historyRows(machine),
    ...restoreRows(machine),
    ...memoryRows(machine),
    ...coreRows(),
    ...cloudRows(machine),
    ...importRows(),
  ];
}
