import { Storage, type StorageOptions } from "@google-cloud/storage";
import { JWT, type JWTOptions } from "google-auth-library";
import { type GcsDouble, startGcsDouble } from "@state/servers";
import { GcsStore } from "../../src/index.ts";

/** Where the suites run: what `STATE_TEST_GCS` names, else a double on loopback. */
export interface Target {
  readonly bucket: string;
  /** Everything that a run makes is beneath it. */
  readonly prefix: string;
  readonly storageOptions: StorageOptions;
  /**
   * Deletes what a case has made, so that a server which looks through a whole bucket each time
   * stays quick.
   */
  readonly clear: () => Promise<void>;
  /** Deletes what the run has made, and nothing else. */
  readonly end: () => Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const url = process.env["STATE_TEST_GCS"];
  return url === undefined || url === "" ? startDouble() : targetOf(url);
}

async function startDouble(): Promise<Target> {
  const double = await startGcsDouble();
  return {
    bucket: double.bucket,
    prefix: `a b+c%20ü#?&<'>/${crypto.randomUUID()}`,
    storageOptions: optionsFor(double),
    clear: async () => undefined,
    end: () => double.stop(),
  };
}

/** The double's service account; only that its token comes from the double. */
export function optionsFor(double: GcsDouble): StorageOptions {
  const client = serviceAccount(double, {});
  client.transporter.interceptors.request.add({
    resolved: (options) =>
      Promise.resolve(
        options.url.host === "oauth2.googleapis.com"
          ? { ...options, url: new URL(double.tokenUrl) }
          : options,
      ),
  });
  return optionsWith(double, client);
}

/** The same, by a client whose requests all go by the SDK's `fetch`. */
export function fetchOptionsFor(double: GcsDouble): StorageOptions {
  return optionsWith(double, serviceAccount(double, tokensOf(double)));
}

function serviceAccount(
  { credentials }: GcsDouble,
  transporterOptions: NonNullable<JWTOptions["transporterOptions"]>,
): JWT {
  return new JWT({
    email: credentials.client_email,
    key: credentials.private_key,
    scopes: ["https://www.googleapis.com/auth/devstorage.read_write"],
    transporterOptions,
  });
}

function optionsWith({ endpoint }: GcsDouble, authClient: JWT): StorageOptions {
  return { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true, authClient };
}

/** The SDK asks oauth2.googleapis.com for a service account's token, whatever its key file says. */
export function tokensOf({ tokenUrl }: GcsDouble): NonNullable<JWTOptions["transporterOptions"]> {
  return {
    adapter: (options, send) =>
      send(options.url.host === "oauth2.googleapis.com" ? { ...options, url: new URL(tokenUrl) } : options),
  };
}

export function storeOn(double: GcsDouble, prefix = "p"): GcsStore {
  return new GcsStore({ bucket: double.bucket, prefix, storageOptions: optionsFor(double) });
}

/**
 * `gs://bucket/prefix?endpoint=…`: an endpoint gets no credentials, the service itself those of the
 * SDK's chain.
 */
export function parseTarget(text: string): Omit<Target, "clear" | "end"> {
  const url = new URL(text);
  const prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, "");
  if (url.protocol !== "gs:" || url.hostname === "")
    throw new Error(`STATE_TEST_GCS is no gs://bucket/prefix: ${text}`);
  if (prefix === "") {
    throw new Error(`STATE_TEST_GCS needs a prefix, so that nothing outside of it is touched: ${text}`);
  }
  const endpoint = url.searchParams.get("endpoint");
  return { bucket: url.hostname, prefix, storageOptions: endpoint === null ? {} : { apiEndpoint: endpoint } };
}

async function targetOf(text: string): Promise<Target> {
  const { bucket, prefix, storageOptions } = parseTarget(text);
  const run = `${prefix}/${crypto.randomUUID()}`;
  const clear = (): Promise<void> => deleteAll(new Storage(storageOptions), bucket, `${run}/`);
  return { bucket, prefix: run, storageOptions, clear, end: clear };
}

async function deleteAll(storage: Storage, bucket: string, prefix: string): Promise<void> {
  const [made] = await storage.bucket(bucket).getFiles({ prefix });
  if (!made.every(({ name }) => name.startsWith(prefix))) throw new Error("listed outside the prefix");
  for (let from = 0; from < made.length; from += 50) {
    await Promise.all(made.slice(from, from + 50).map((file) => file.delete({ ignoreNotFound: true })));
  }
}
