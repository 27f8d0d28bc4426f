export type { S3StoreOptions } from "./options.ts";
export { S3Store } from "./store.ts";
