export type { S3ClientLike } from "./given-client.ts";
export type { Encryption, S3StoreOptions } from "./options.ts";
export { urlSchemes } from "./options.ts";
export { S3Store, storeFromUrl } from "./store.ts";
