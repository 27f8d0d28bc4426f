export { freePort, startProcess } from "./process.ts";
export type { Server } from "./server.ts";
