import type { Row } from "./harness.ts";
import type { Machine } from "./machine.ts";
import { checkpointRows } from "./rows-checkpoint.ts";
import { s3Rows } from "./rows-s3.ts";

/** All rows, in the order in which they run. Each id is there once. */
export function rowsOf(machine: Machine): readonly Row[] {
  return [...s3Rows(machine), ...checkpointRows(machine)];
}
