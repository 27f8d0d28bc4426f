export { FsStore, storeFromUrl, urlSchemes } from "./store.ts";
export type { FsStoreOptions } from "./options.ts";
