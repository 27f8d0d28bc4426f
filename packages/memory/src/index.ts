export { MemoryStore, storeFromUrl, urlSchemes } from "./store.ts";
export type { MemoryStoreOptions } from "./store.ts";
