export { freePort, startProcess } from "./process.ts";
export type { Server } from "./server.ts";
export {
  type GcsDouble,
  type GcsDoubleOptions,
  type SeenGcsRequest,
  startGcsDouble,
} from "./gcs-double/gcs-double.ts";
