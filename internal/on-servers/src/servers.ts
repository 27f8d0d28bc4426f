import {
  cephCommand,
  cephVersion,
  commandFor,
  createBucket,
  createContainer,
  createGcsBucket,
  fakeGcsServer,
  hasCeph,
  type InstalledServer,
  isInstalled,
  minio,
  moto,
  type S3Server,
  seaweedFs,
  startAzurite,
  startCeph,
  startFakeGcsServer,
  startMinio,
  startMoto,
  startSeaweedFs,
} from "@state/servers";
import { createRequire } from "node:module";
import type { OpenPlace, Place } from "./place.ts";

const bucket = "state-tests";

/** A fresh MinIO, with a bucket. */
export const onMinio: Place = installed(minio, () => openS3(startMinio));

export const onFakeGcsServer: Place = installed(fakeGcsServer, async () => {
  const server = await startFakeGcsServer();
  await createGcsBucket(server.endpoint, bucket);
  return {
    url: `gs://${bucket}/job?endpoint=${server.endpoint}`,
    env: {},
    close: () => server.stop(),
  };
});

export const onAzurite: Place = {
  name: "Azurite",
  version: async () => {
    const azurite = createRequire(createRequire(import.meta.url).resolve("@state/servers"));
    return (azurite("azurite/package.json") as { readonly version: string }).version;
  },
  // It comes with npm.
  lacks: async () => undefined,
  async open() {
    const server = await startAzurite();
    await createContainer(server, bucket);
    return {
      url: `azure://${server.accountName}/${bucket}/job`,
      env: { AZURE_STORAGE_CONNECTION_STRING: server.connectionString },
      close: () => server.stop(),
    };
  },
};

const onCeph: Place = {
  name: "Ceph radosgw",
  version: cephVersion,
  lacks: async () => (hasCeph() ? undefined : `it is not installed: \`${cephCommand}\` brings it`),
  open: () => openS3(startCeph),
};

export const servers: readonly Place[] = [
  onMinio,
  onFakeGcsServer,
  onAzurite,
  installed(moto, () => openS3(startMoto)),
  onCeph,
  installed(seaweedFs, () => openS3(startSeaweedFs)),
  absent("Garage", "2.5.0", "its crate had not been built after 25 minutes on two busy cores"),
  absent(
    "RustFS",
    "1.0.1",
    "its crate is built by Rust 1.98, and its binaries are in no registry of packages",
  ),
];

function installed(server: InstalledServer, open: () => Promise<OpenPlace>): Place {
  return {
    name: server.name,
    version: async () => versionText(server),
    lacks: async () =>
      isInstalled(server) ? undefined : `it is not installed: \`${commandFor(server)}\` brings it`,
    open,
  };
}

/** A Go module's version without a release says when it was made. */
function versionText({ version }: InstalledServer): string {
  const [, year, month, day] = /^v0\.0\.0-(\d{4})(\d\d)(\d\d)/.exec(version) ?? [];
  return year === undefined ? version.replace(/^v/, "") : `of ${year}-${month}-${day}`;
}

function absent(name: string, version: string, why: string): Place {
  return {
    name,
    version: async () => version,
    lacks: async () => why,
    open: async () => {
      throw new Error(`${name}: ${why}`);
    },
  };
}

async function openS3(start: () => Promise<S3Server>): Promise<OpenPlace> {
  const server = await start();
  try {
    await createBucket(server, bucket);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: `s3://${bucket}/job?endpoint=${server.endpoint}&region=${server.region}`,
    env: { AWS_ACCESS_KEY_ID: server.accessKeyId, AWS_SECRET_ACCESS_KEY: server.secretAccessKey },
    close: () => server.stop(),
  };
}
