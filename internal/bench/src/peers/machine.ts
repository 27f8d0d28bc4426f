/** What the rows run on: servers and a disk, and a program in Rust, each made when first needed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import {
  type Azurite,
  commandFor,
  createBucket,
  createContainer,
  createGcsBucket,
  fakeGcsServer,
  type InstalledServer,
  isInstalled,
  memoryS3,
  minio,
  type S3Server,
  type Server,
  startAzurite,
  startFakeGcsServer,
  startMemoryS3,
  startMinio,
} from "@state/servers";
import { Disk } from "./disk.ts";
import type { Side, Skip } from "./harness.ts";
import { startProcessSide } from "./process-side.ts";
import type { AzureContainer } from "./sides/azure-clients.ts";
import type { GcsBucket } from "./sides/gcs-clients.ts";
import type { Bucket } from "./sides/s3-clients.ts";

/** The ports of memory-s3. */
export const latencies = ["0ms", "20ms"] as const;

export interface S3Service {
  /** Why it is not there. */
  readonly skip: Skip | undefined;
  /** A bucket, which is made if it is not there. `latency` is one of `latencies`, of memory-s3 alone. */
  readonly bucket: (name: string, latency?: string) => Promise<Bucket>;
}

export interface MemoryS3Service extends S3Service {
  /** Makes a bucket with the objects of another. */
  readonly copy: (from: string, to: string) => Promise<void>;
}

export class Machine {
  readonly #ends: (() => Promise<void>)[] = [];
  readonly memoryS3: MemoryS3Service = withCopies(this.#service(memoryS3, () => this.#startMemoryS3()));
  readonly minio: S3Service = this.#service(minio, () => startMinio());
  readonly seed: { readonly start: (task: object) => Promise<Side | Skip> } = new Seed();

  readonly #tls: boolean;
  #fakeGcs: Promise<Server> | undefined;
  #azurite: Promise<Azurite> | undefined;
  #disk: Disk | undefined;

  /** Made when it is first needed. */
  get disk(): Disk {
    if (this.#disk === undefined) {
      const disk = new Disk();
      this.#disk = disk;
      this.#ends.push(async () => disk.end());
    }
    return this.#disk;
  }

  /** @param tls whether memory-s3 speaks HTTPS */
  constructor(tls: boolean) {
    this.#tls = tls;
  }

  /** Makes a bucket. */
  async gcsBucket(bucket: string): Promise<GcsBucket | Skip> {
    if (!isInstalled(fakeGcsServer)) return skipOf(fakeGcsServer);
    const { endpoint } = await (this.#fakeGcs ??= this.#started(startFakeGcsServer()));
    await createGcsBucket(endpoint, bucket);
    return { endpoint, bucket };
  }

  /** Makes a container. */
  async azureContainer(container: string): Promise<AzureContainer> {
    const server = await (this.#azurite ??= this.#started(startAzurite()));
    await createContainer(server, container);
    const { accountUrl, accountName, accountKey, connectionString } = server;
    return { container, accountUrl, accountName, accountKey, connectionString };
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end();
  }

  async #startMemoryS3(): Promise<S3Server> {
    const server = await startMemoryS3({ latencies, tls: this.#tls });
    if (server.authority === undefined) return server;
    const folder = mkdtempSync(join(tmpdir(), "state-authority-"));
    this.#ends.push(async () => rmSync(folder, { recursive: true }));
    const file = join(folder, "authority.pem");
    writeFileSync(file, server.authority);
    setDefaultCACertificates([server.authority]);
    // What the sides in Node and in Rust trust.
    Object.assign(process.env, { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file });
    return server;
  }

  /** A server that ends with the machine. */
  async #started<T extends Server>(starting: Promise<T>): Promise<T> {
    const server = await starting;
    this.#ends.push(() => server.stop());
    return server;
  }

  #service(needs: InstalledServer, start: () => Promise<S3Server>): S3Service {
    let server: Promise<S3Server> | undefined;
    const buckets = new Set<string>();
    return {
      skip: isInstalled(needs) ? undefined : skipOf(needs),
      bucket: async (bucket, latency) => {
        const running = await (server ??= this.#started(start()));
        if (!buckets.has(bucket)) await createBucket(running, bucket);
        buckets.add(bucket);
        const { endpoint, region, accessKeyId, secretAccessKey } = running;
        const endpoints: unknown = Reflect.get(running, "endpoints");
        const slow: unknown = latency === undefined ? endpoint : Reflect.get(Object(endpoints), latency);
        return { endpoint: String(slow), region, accessKeyId, secretAccessKey, bucket };
      },
    };
  }
}

function skipOf(server: InstalledServer): Skip {
  return { skip: `${server.name} is not there: \`${commandFor(server)}\` brings it` };
}

function withCopies(service: S3Service): MemoryS3Service {
  return {
    ...service,
    async copy(from, to) {
      const { endpoint } = await service.bucket(from);
      const { ok, status } = await fetch(`${endpoint}/${to}?copy-of=${from}`, { method: "PUT" });
      if (!ok) throw new Error(`no copy of ${from}: ${status}`);
    },
  };
}

/** The program in Rust, which is built when it is first needed. */
class Seed {
  readonly #folder: string = join(import.meta.dirname, "../../seed");
  #built: Skip | "built" | undefined;

  async start(task: object): Promise<Side | Skip> {
    this.#built ??= this.#build();
    if (this.#built !== "built") return this.#built;
    const command = join(this.#folder, "target/release/seed");
    return startProcessSide({ command, args: [JSON.stringify(task)] });
  }

  #build(): Skip | "built" {
    if (spawnSync("cargo", ["--version"]).status !== 0)
      return { skip: "cargo, which builds internal/bench/seed, is not on the path" };
    process.stderr.write("building internal/bench/seed, which takes minutes the first time\n");
    const args = ["build", "--release", "--locked", "--quiet"];
    const { status } = spawnSync("cargo", args, {
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return status === 0 ? "built" : { skip: `cargo could not build internal/bench/seed: ${status}` };
  }
}
