/** Takes over when nothing was sealed for a while, for jobs without an engine that elects. */
export type { StandbyClock, StandbyOptions, StandbyTakeover } from "./standby.ts";
export { standby } from "./standby.ts";
