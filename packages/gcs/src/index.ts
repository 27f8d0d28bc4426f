export type { AuthClient, StorageClient } from "./client.ts";
export type { GcsStoreOptions } from "./options.ts";
export { urlSchemes } from "./options.ts";
export { GcsStore, storeFromUrl } from "./store.ts";
