export { FsStore } from "./store.ts";
export type { FsStoreOptions } from "./options.ts";
