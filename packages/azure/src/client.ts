import type { Pipeline } from "@azure/storage-blob";
import { fieldOf } from "@state/core/adapter";
import { AccountKey, accountNameOf, parseConnectionString } from "./connection-string.ts";
import type { AccountContainer, AzureStoreOptions, ContainerClientLike, TokenCredential } from "./options.ts";
import { secretsOf } from "./secrets.ts";
import { TokenSource } from "./token.ts";

export const otherForms: string = "pass accountUrl or connectionString with containerName instead";

/** What is known of a store's client before the SDK is loaded. */
export interface ClientParts {
  /** The container's address, with its SAS. */
  readonly url: string;
  /** The account's name, or the host where the address does not have it. */
  readonly account: string;
  readonly containerName: string;
  readonly secrets: readonly string[];
  readonly credential: OwnCredential;
  /** What the token credential gives, if there is one. */
  readonly tokens: TokenSource | undefined;
  /** Whether an HTTP client of the owner's sends the requests. */
  readonly hasOwnHttpClient: boolean;
  /** The pipeline of the client that was passed in, or nothing. */
  readonly options: PipelineOptions;
  readonly factories: Pipeline["factories"];
  readonly connectionString?: string | undefined;
}

/** Its type lacks the audience of the clients' own options. */
export type PipelineOptions = Pipeline["options"] & { readonly audience?: string };

/** `given` is a credential that only the SDK can tell to be none. */
type OwnCredential = AccountKey | TokenSource | "none" | { readonly given: object };

/**
 * Checks the options, and takes from them what a client is built of. The SDK is not loaded.
 *
 * @throws `TypeError` for options that are invalid. Its message holds no secret
 */
export function partsOf(options: AzureStoreOptions): ClientParts {
  if ("container" in options) return partsOfClient(options.container);
  const { containerName } = options;
  if (typeof containerName !== "string" || containerName === "") {
    throw new TypeError("containerName must be the name of a container");
  }
  if (!("connectionString" in options)) return partsOfAccount(options);
  const { connectionString } = options;
  const { accountUrl, key, sas } = parseConnectionString(connectionString);
  const url = containerUrl(accountUrl, containerName, sas === undefined ? "" : `?${sas}`);
  const from = { url, containerName, options: {}, factories: [], connectionString };
  return { ...from, ...credentialParts(key, url, undefined) };
}

function partsOfAccount({ accountUrl, containerName, credential, audience }: AccountContainer): ClientParts {
  if (audience !== undefined && (typeof audience !== "string" || audience === ""))
    throw new TypeError("audience must be a scope, such as https://ACCOUNT.blob.core.windows.net/.default");
  const [, address, query = ""] = /^(https?:\/\/[^?#]+?)\/*(\?[^#]*)?$/i.exec(accountUrl) ?? [];
  // The message does not contain the address: it may hold a signature.
  if (address === undefined || !URL.canParse(address))
    throw new TypeError("accountUrl must be the http or https address of an account");
  const url = containerUrl(address, containerName, query);
  const options = audience === undefined ? {} : { audience };
  return { url, containerName, options, factories: [], ...credentialParts(credential, url, audience) };
}

function partsOfClient(pattern: ContainerClientLike): ClientParts {
  const { url, containerName, credential } = Object(pattern) as ContainerClientLike;
  const { options, factories } = pipelineOf(pattern);
  if (typeof url !== "string" || !URL.canParse(url)) throw noClient();
  const audience = fieldOf(options, "audience");
  return {
    url,
    containerName,
    options,
    factories,
    ...credentialParts(credential, url, typeof audience === "string" ? audience : undefined),
    hasOwnHttpClient: options.httpClient !== undefined,
  };
}

/** @throws `TypeError` for what is no client */
export function pipelineOf(client: unknown): {
  readonly options: PipelineOptions;
  readonly factories: Pipeline["factories"];
} {
  // Every client has it, though its type does not say so.
  const pipeline = fieldOf(client, "pipeline");
  const [options, factories] = [fieldOf(pipeline, "options"), fieldOf(pipeline, "factories")];
  if (typeof options !== "object" || options === null || !Array.isArray(factories)) throw noClient();
  if (typeof fieldOf(pipeline, "toServiceClientOptions") !== "function") throw noClient();
  return { options, factories };
}

function noClient(): TypeError {
  return new TypeError(
    "container must be a ContainerClient of @azure/storage-blob 12: no client that sends each request once can be derived " +
      `from this one; ${otherForms}`,
  );
}

export const unknownCredential: string =
  "the container's credential is none of an account key, a token or none: it would be left out of the requests";

/**
 * The credential as this copy of the SDK takes it. It leaves out of its requests a key that was made by the class of another
 * copy.
 */
function credentialParts(
  given: object | undefined,
  url: string,
  audience: string | undefined,
): Pick<ClientParts, "account" | "secrets" | "credential" | "tokens" | "hasOwnHttpClient"> {
  const credential = ownCredential(given, url, audience);
  const key = credential instanceof AccountKey ? credential : undefined;
  return {
    account: key?.accountName ?? (accountNameOf(url) || new URL(url).host),
    secrets: secretsOf(url, key?.accountKey.toString("base64")),
    credential,
    tokens: credential instanceof TokenSource ? credential : undefined,
    hasOwnHttpClient: false,
  };
}

function ownCredential(given: object | undefined, url: string, audience: string | undefined): OwnCredential {
  if (given === undefined) return "none";
  if (isTokenCredential(given)) {
    if (!/^https:/i.test(url)) throw new TypeError("a token credential needs an https address");
    return new TokenSource(given, audience);
  }
  const accountName: unknown = Reflect.get(given, "accountName");
  const key: unknown = Reflect.get(given, "accountKey");
  if (typeof accountName === "string" && key instanceof Uint8Array)
    return new AccountKey(accountName, Buffer.from(key).toString("base64"));
  if (given.constructor.name === "AnonymousCredential") return "none";
  // A bundler may have changed the name of its class.
  const mayBeNone = accountName === undefined && typeof Reflect.get(given, "create") === "function";
  if (mayBeNone) return { given };
  throw new TypeError(`${unknownCredential}; ${otherForms}`);
}

function isTokenCredential(given: object): given is TokenCredential {
  return typeof Reflect.get(given, "getToken") === "function";
}

function containerUrl(accountUrl: string, containerName: string, query: string): string {
  return `${accountUrl}/${encodeURIComponent(containerName)}${query}`;
}
