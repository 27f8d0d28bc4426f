export { assumeRole, type SessionCredentials } from "./assume-role.ts";
export { type Azurite, createContainer, startAzurite } from "./azurite.ts";
export { createGcsBucket, startFakeGcsServer } from "./fake-gcs-server.ts";
export { cephCommand, cephVersion, hasCeph, startCeph } from "./ceph.ts";
export {
  binaryOf,
  commandFor,
  fakeGcsServer,
  type InstalledServer,
  isInstalled,
  kafka,
  memoryS3,
  minio,
  nats,
  moto,
  opentelemetryProto,
  seaweedFs,
} from "./installed.ts";
export { type KafkaOptions, type KafkaServer, startKafka } from "./kafka.ts";
export { type MemoryS3, startMemoryS3 } from "./memory-s3.ts";
export { createBucket, type S3Server, startMinio } from "./minio.ts";
export { type NatsOptions, type NatsServer, startNats } from "./nats.ts";
export type { RestartableServer } from "./restartable.ts";
export { startMoto } from "./moto.ts";
export { hasPrometheus, prometheusCommand, type PrometheusOptions, startPrometheus } from "./prometheus.ts";
export { startSeaweedFs } from "./seaweedfs.ts";
export { gcsFromEnvironment, s3FromEnvironment, type S3Place } from "./environment.ts";
export type { Server } from "./server.ts";
export type { S3ErrorResponse } from "./s3-double/error-response.ts";
export type { S3DoubleOptions } from "./s3-double/options.ts";
export { type S3Double, startS3Double } from "./s3-double/s3-double.ts";
export { type GcsDouble, type GcsDoubleOptions, startGcsDouble } from "./gcs-double/gcs-double.ts";
