import { codeOf } from "@state/core/adapter";
import { AccountKey, parseConnectionString } from "./connection-string.ts";
import {
  type AccessToken,
  type AzureStoreOptions,
  parseUrl,
  type TokenCredential,
  type TokenOptions,
} from "./options.ts";
import { TokenFailure } from "./token.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The options for `azure://ACCOUNT/CONTAINER/PREFIX?endpoint=…`. The credentials come from the environment, by the names that
 * Azure's own tools read: `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN`; else from
 * `DefaultAzureCredential` of `@azure/identity`.
 *
 * @throws `TypeError` for another URL, and for a connection string of another account
 */
export function optionsFromUrl(url: string | URL, environment: Environment = process.env): AzureStoreOptions {
  const { account, containerName, prefix, endpoint } = parseUrl(url);
  const accountUrl = (endpoint ?? `https://${account}.blob.core.windows.net`).replace(/\/+$/, "");
  const common = { containerName, prefix };
  const connectionString = environment["AZURE_STORAGE_CONNECTION_STRING"];
  if (connectionString) {
    const { accountName, key: credential, sas } = parseConnectionString(connectionString);
    checkAccount(accountName, account);
    if (endpoint === undefined) return { ...common, connectionString };
    return credential === undefined
      ? { ...common, accountUrl: `${accountUrl}?${sas ?? ""}` }
      : { ...common, accountUrl, credential };
  }
  const key = environment["AZURE_STORAGE_KEY"];
  if (key) return { ...common, accountUrl, credential: new AccountKey(account, key) };
  const sas = environment["AZURE_STORAGE_SAS_TOKEN"];
  if (sas) return { ...common, accountUrl: `${accountUrl}?${sas.replace(/^\?/, "")}` };
  return { ...common, accountUrl, credential: new DefaultCredential() };
}

/** A connection string in the environment may be there for another purpose. */
function checkAccount(own: string, account: string): void {
  // Behind a domain of one's own the name is not known.
  if (own === "" || own === account) return;
  throw new TypeError(
    `the URL is of the account ${account}, and AZURE_STORAGE_CONNECTION_STRING of ${own}: mend one of them`,
  );
}

/** `DefaultAzureCredential`, once a token is asked for: `@azure/identity` need not be installed. */
class DefaultCredential implements TokenCredential {
  #credential: TokenCredential | undefined;

  async getToken(scopes: string | string[], options?: TokenOptions): Promise<AccessToken | null> {
    this.#credential ??= await loadIdentity();
    return this.#credential.getToken(scopes, options);
  }
}

async function loadIdentity(): Promise<TokenCredential> {
  try {
    const { DefaultAzureCredential } = await import("@azure/identity");
    return new DefaultAzureCredential();
  } catch (cause) {
    if (codeOf(cause) !== "ERR_MODULE_NOT_FOUND") throw cause;
    const why =
      "there are no credentials: set AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, " +
      "or install @azure/identity";
    throw new TokenFailure(why, true, cause);
  }
}
