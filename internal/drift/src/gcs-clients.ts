import type { ObjectStore } from "@state/core";
import { GcsStore } from "@state/gcs";

/** A store, and requests to the JSON API for what the store never sends. */
export interface GcsClients {
  readonly store: ObjectStore;
  readonly request: (method: "GET" | "POST" | "DELETE", path: string, body?: Multipart) => Promise<Response>;
  readonly bucket: string;
  /** The prefix of every name. Ends in `/`. */
  readonly root: string;
  /** Deletes what is below the root. */
  readonly end: () => Promise<void>;
}

export interface Multipart {
  readonly type: string;
  readonly text: string;
}

export function gcsClients(bucket: string, root: string, endpoint: string): GcsClients {
  const clients: GcsClients = {
    store: new GcsStore({ bucket, prefix: root, storageOptions: { apiEndpoint: endpoint } }),
    request: (method, path, body) =>
      fetch(`${endpoint}${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { "content-type": body.type }, body: body.text }),
      }),
    bucket,
    root,
    end: async () => {
      const listing = await clients.request("GET", listPath(clients));
      const { items = [] } = (await listing.json()) as {
        readonly items?: readonly { readonly name: string }[];
      };
      for (const { name } of items) {
        await clients.request("DELETE", objectPath(clients, name.slice(root.length)));
      }
    },
  };
  return clients;
}

export function objectPath({ bucket, root }: GcsClients, key: string, query: string = ""): string {
  return `/storage/v1/b/${bucket}/o/${encodeURIComponent(root + key)}${query}`;
}

export function listPath({ bucket, root }: GcsClients, query: Readonly<Record<string, string>> = {}): string {
  return `/storage/v1/b/${bucket}/o?${new URLSearchParams({ prefix: root, ...query })}`;
}
