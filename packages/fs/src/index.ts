export { FsStore } from "./fs-store.ts";
export type { FsStoreOptions } from "./options.ts";
