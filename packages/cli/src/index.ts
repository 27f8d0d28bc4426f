export type { ExitCode } from "./exit-code.ts";
export { exitCodes } from "./exit-code.ts";
export type { Terminal } from "./terminal.ts";
export type { Surroundings } from "./run.ts";
export { run } from "./run.ts";
