export { AzureStore, storeFromUrl, urlSchemes } from "./store.ts";
export type {
  AccessToken,
  AccountContainer,
  AzureStoreOptions,
  ConnectionStringContainer,
  ContainerClientLike,
  CustomerProvidedKey,
  InjectedContainer,
  SharedKeyCredential,
  StoreOptions,
  TokenCredential,
  TokenOptions,
} from "./options.ts";
