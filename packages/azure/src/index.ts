export { AzureStore } from "./store.ts";
export type {
  AccountContainer,
  AzureStoreOptions,
  ConnectionStringContainer,
  InjectedContainer,
  TokenCredential,
} from "./options.ts";
