export type { GcsStoreOptions } from "./options.ts";
export { GcsStore } from "./store.ts";
