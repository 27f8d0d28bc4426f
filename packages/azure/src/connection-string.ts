import type { SharedKeyCredential } from "./options.ts";

/** An account's name and key, in the form of the SDK's `StorageSharedKeyCredential`. */
export class AccountKey implements SharedKeyCredential {
  readonly accountName: string;
  readonly accountKey: Buffer;

  /** @param accountKey in Base64 */
  constructor(accountName: string, accountKey: string) {
    this.accountName = accountName;
    this.accountKey = Buffer.from(accountKey, "base64");
  }

  computeHMACSHA256(stringToSign: string): string {
    // It takes a fifth of Node's own start, and few stores need it before their first call.
    const { createHmac } = process.getBuiltinModule("node:crypto");
    return createHmac("sha256", this.accountKey).update(stringToSign, "utf8").digest("base64");
  }
}

/** What a connection string says of an account. */
export interface Connection {
  /** Without a `/` at its end. */
  readonly accountUrl: string;
  /** `""` where neither the string nor the address has it. */
  readonly accountName: string;
  readonly key: AccountKey | undefined;
  /** The query of a SAS, without its `?`. */
  readonly sas: string | undefined;
}

/** Of the emulator, which everybody knows. */
const development =
  "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
  "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
  "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;";

/**
 * Reads a connection string as the SDK does, which is not loaded when a store is made.
 *
 * @throws `TypeError` for one that the SDK refuses. Its message has no part of the string
 */
export function parseConnectionString(connectionString: string): Connection {
  if (typeof connectionString !== "string") throw new TypeError("connectionString must be a string");
  const connection = connectionOf(connectionString);
  if (connection !== undefined && URL.canParse(connection.accountUrl)) return connection;
  throw new TypeError(
    "connectionString is not one of a storage account: DefaultEndpointsProtocol, AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature",
  );
}

function connectionOf(given: string): Connection | undefined {
  const text = given.startsWith("UseDevelopmentStorage=true") ? development : given;
  const fields = text.split(";").map((field) => field.trim());
  // As the SDK has it, the first field counts whose name begins so.
  const valueOf = (name: string): string =>
    fields.find((field) => field.startsWith(name))?.match(new RegExp(`${name}=(.*)`))?.[1] ?? "";
  const endpoint = valueOf("BlobEndpoint").replace(/\/$/, "");
  const accountName = valueOf("AccountName");
  if (text.includes("DefaultEndpointsProtocol=") && text.includes("AccountKey=")) {
    const [protocol, suffix] = [valueOf("DefaultEndpointsProtocol"), valueOf("EndpointSuffix")];
    const key = new AccountKey(accountName, valueOf("AccountKey"));
    const isKnown = endpoint !== "" || (/^https?$/i.test(protocol) && suffix !== "");
    if (accountName === "" || key.accountKey.byteLength === 0 || !isKnown) return undefined;
    const accountUrl = endpoint === "" ? `${protocol}://${accountName}.blob.${suffix}` : endpoint;
    return { accountUrl, accountName, key, sas: undefined };
  }
  const sas = valueOf("SharedAccessSignature").replace(/^\?/, "");
  if (endpoint === "" || sas === "" || !URL.canParse(endpoint)) return undefined;
  return { accountUrl: endpoint, accountName: accountName || accountNameOf(endpoint), key: undefined, sas };
}

const suffixes = /-(?:secondary-ipv6|secondary-dualstack|ipv6|dualstack|secondary)$/;
/** The ports of the emulators. */
const pathStylePort = /^1[01][01]0[0-4]$/;
const pathStyleHost =
  /^(?:.*:.*:.*|(?:localhost|host\.docker\.internal)(?::\d+)?|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?)$/;

/** The account's name as the SDK finds it in an address; `""` behind a domain of one's own. */
export function accountNameOf(url: string): string {
  const { host, hostname, port, pathname } = new URL(url);
  const [account = "", service] = hostname.split(".");
  if (service === "blob") return account.replace(suffixes, "");
  return pathStylePort.test(port) || pathStyleHost.test(host) ? (pathname.split("/")[1] ?? "") : "";
}
