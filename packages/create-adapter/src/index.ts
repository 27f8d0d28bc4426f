export { run, type Surroundings } from "./run.ts";
export type { Template } from "./template.ts";
