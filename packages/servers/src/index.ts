export { createGcsBucket, startFakeGcsServer } from "./fake-gcs-server.ts";
export { type InstalledServer, installedServers, isInstalled } from "./installed.ts";
export { createBucket, type S3Server, startMinio } from "./minio.ts";
export { startMoto } from "./moto.ts";
export { freePort, startProcess } from "./process.ts";
export type { Server } from "./server.ts";
