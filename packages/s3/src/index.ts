export type { Encryption, S3ClientLike, S3StoreOptions } from "./options.ts";
export { urlSchemes } from "./options.ts";
export { S3Store, storeFromUrl } from "./store.ts";
