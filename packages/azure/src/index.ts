export type { AzureStoreOptions } from "./options.ts";
export { AzureStore } from "./store.ts";
