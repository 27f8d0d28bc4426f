import type { ObjectStore } from "@state/core";
import { storeConformance } from "@state/core/conformance";
import { serialRunner, storeErrorOf } from "@state/servers/testing";
import { startGcsDouble } from "@state/servers";
import { Storage } from "storage-floor";
import { afterAll, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { GcsStore } from "../src/index.ts";
import { authClientOf } from "../src/sdk.ts";
import { errorResponse, scriptedServer } from "./support/scripted-server.ts";

const double = await startGcsDouble({ anonymous: true });
afterAll(() => double.stop());

const prefixes = new WeakMap<ObjectStore, string>();

/** A client of the oldest version of the SDK that the manifest allows. It does not show the option itself. */
function client(endpoint: string): Storage {
  const storage = Object.assign(new Storage({ apiEndpoint: endpoint, projectId: "p" }), {
    useAuthWithCustomEndpoint: true,
  });
  storage.authClient.cachedCredential = storage.authClient.fromJSON({
    type: "authorized_user",
    client_id: "id",
    client_secret: "the-client-secret",
    refresh_token: "1//refresh",
  });
  storage.authClient.cachedCredential.credentials = {
    access_token: "ya29.floor",
    expiry_date: Date.now() + 3_600_000,
  };
  return storage;
}

function at(prefix: string): GcsStore {
  const store = new GcsStore({ bucket: double.bucket, prefix, storage: client(double.endpoint) });
  prefixes.set(store, prefix);
  return store;
}

test("the oldest version is the one that the manifest names", () => {
  const { devDependencies, peerDependencies } = manifest;
  const version = devDependencies["storage-floor"].split("@").at(-1);
  expect(peerDependencies["@google-cloud/storage"]).toBe(`^${version} || ^8.0.0`);
});

test("a client of it sends its credentials, one request a call", async () => {
  await using server = await scriptedServer(errorResponse(503, "backendError"));
  const store = new GcsStore({ bucket: "bucket", storage: client(server.endpoint) });
  expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Unavailable");
  expect(server.headers.map(({ authorization }) => authorization)).toEqual(["Bearer ya29.floor"]);
});

test("a client of it is Denied where the service refuses a token that cannot be replaced", async () => {
  await using server = await scriptedServer(errorResponse(401, "authError"));
  const store = new GcsStore({ bucket: "bucket", storage: client(server.endpoint) });
  expect(await storeErrorOf(store.get("a"))).toHaveProperty("code", "Denied");
});

test("a client that the store would build of it sends its credentials to an endpoint if the options say so", async () => {
  const storage = new Storage({ apiEndpoint: "http://127.0.0.1:1", useAuthWithCustomEndpoint: true });
  expect(storage).not.toHaveProperty("useAuthWithCustomEndpoint");
  expect(await authClientOf(storage, true)).toBe(storage.authClient);
  expect(await authClientOf(storage, undefined)).not.toBe(storage.authClient);
});

storeConformance(serialRunner, {
  name: "GcsStore with a client of the oldest version",
  open: async (): Promise<ObjectStore> => at(crypto.randomUUID()),
  reopen: async (store: ObjectStore): Promise<ObjectStore> => at(prefixes.get(store) ?? "none"),
});
