export { AzureStore } from "./azure-store.ts";
export type { AzureStoreOptions } from "./options.ts";
