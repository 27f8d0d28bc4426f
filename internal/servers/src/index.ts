export { type Azurite, createContainer, startAzurite } from "./azurite.ts";
export { isInstalled, minio } from "./installed.ts";
export { createBucket, type S3Server, startMinio } from "./minio.ts";
export { gcsFromEnvironment, s3FromEnvironment, type S3Place } from "./environment.ts";
export type { Server } from "./server.ts";
export type { S3ErrorResponse } from "./s3-double/error-response.ts";
export type { S3DoubleOptions } from "./s3-double/options.ts";
export { type S3Double, startS3Double } from "./s3-double/s3-double.ts";
export { type GcsDouble, startGcsDouble } from "./gcs-double/gcs-double.ts";
