export { addressOf, type Azurite, type AzuriteOptions, createContainer, startAzurite } from "./azurite.ts";
export { createGcsBucket, startFakeGcsServer } from "./fake-gcs-server.ts";
export { isInstalled, minio } from "./installed.ts";
export { createBucket, type S3Server, startMinio } from "./minio.ts";
export { startMoto } from "./moto.ts";
export { namedS3, type S3Place } from "./named-s3.ts";
export { freePort, startProcess } from "./process.ts";
export type { Server } from "./server.ts";
export type { Fault } from "./s3-double/fault.ts";
export type { S3DoubleOptions } from "./s3-double/options.ts";
export type { SeenRequest } from "./s3-double/request.ts";
export { type S3Double, startS3Double } from "./s3-double/s3-double.ts";
export {
  type GcsDouble,
  type GcsDoubleOptions,
  type SeenGcsRequest,
  startGcsDouble,
} from "./gcs-double/gcs-double.ts";
