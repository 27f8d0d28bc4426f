import { fieldOf } from "@state/core/adapter";
import type { ClientParts } from "./client.ts";
import { AccountKey } from "./connection-string.ts";
import { type Probe, RequestMaker } from "./direct.ts";
import type { Settings } from "./options.ts";
import type { Requester } from "./request.ts";
import type { SdkClient } from "./sdk.ts";

/** Which way creates and gets take, and why it is not the direct one. */
export interface RequestPath {
  readonly requestPath: "direct" | "sdk";
  readonly requestPathReason: string | undefined;
}

export interface Makers {
  readonly create: RequestMaker;
  readonly get: RequestMaker;
}

/** The policies of a pipeline that do nothing but what the store's own requests do too. */
const knownPolicies: ReadonlySet<unknown> = new Set([
  "serializationPolicy",
  "proxyPolicy",
  "wrapAbortSignalLikePolicy",
  "formDataPolicy",
  "userAgentPolicy",
  "setClientRequestIdPolicy",
  "StorageCorrectContentLengthPolicy",
  "storageRequestFailureDetailsParserPolicy",
  "storageBrowserPolicy",
  "deserializationPolicy",
  "multipartPolicy",
  "storageRetryPolicy",
  "tracingPolicy",
  "redirectPolicy",
  "storageSharedKeyCredentialPolicy",
  "tlsPolicy",
  "agentPolicy",
  "logPolicy",
  "stateStorePolicy",
]);

/** A body that is empty is signed in another way. */
const probeBodies = [Buffer.from("probe"), Buffer.alloc(0)] as const;
const probeKeys = ["epoch=0/probe_a.b-c", "probe"] as const;
const probeMd5 = Buffer.alloc(16, 7);

/**
 * Whether the store may make its creates and gets itself. The SDK's pipeline takes twice the CPU of the request that it
 * makes. What it would send is captured at the first call: only if the store's own requests are equal, byte for byte, and
 * nothing in the client is unusual, they go directly to Node's HTTP client.
 */
export class DirectPath {
  readonly #parts: ClientParts;
  readonly #settings: Settings;
  readonly #requester: Requester;
  #makers: Promise<Makers | undefined> | undefined;
  #path: RequestPath | undefined;

  constructor(parts: ClientParts, settings: Settings, requester: Requester) {
    this.#parts = parts;
    this.#settings = settings;
    this.#requester = requester;
  }

  /** `undefined` before the first request. */
  get path(): RequestPath | undefined {
    return this.#path;
  }

  /** What makes the requests of the direct way; `undefined` where the SDK has to make them. Never rejects. */
  makers(client: SdkClient): Promise<Makers | undefined> {
    this.#makers ??= this.#find(client).then(
      (makers) => {
        this.#path = { requestPath: "direct", requestPathReason: undefined };
        return makers;
      },
      (error: unknown) => {
        const requestPathReason = error instanceof Error ? error.message : String(error);
        this.#path = { requestPath: "sdk", requestPathReason };
        return undefined;
      },
    );
    return this.#makers;
  }

  async #find(client: SdkClient): Promise<Makers> {
    const unusual = this.#unusual(client);
    if (unusual !== undefined) throw new Error(unusual);
    const { credential } = this.#parts;
    const key = credential instanceof AccountKey ? credential : undefined;
    const { root, create, get } = this.#settings;
    const creates: Probe[] = [];
    const gets: Probe[] = [];
    for (const [index, name] of probeKeys.entries()) {
      const body = probeBodies[index] ?? probeBodies[0];
      const blob = client.container.getBlockBlobClient(`${root}${name}`);
      const put = await this.#requester.capture(() =>
        blob.upload(body, body.byteLength, {
          ...create,
          conditions: { ifNoneMatch: "*" },
          transactionalContentMD5: probeMd5,
        }),
      );
      const head = { length: body.byteLength, md5: probeMd5.toString("base64") };
      creates.push({ key: name, body: head, request: put });
      gets.push({
        key: name,
        body: undefined,
        request: await this.#requester.capture(() =>
          blob.download(0, undefined, { ...get, maxRetryRequests: 0 }),
        ),
      });
    }
    return { create: new RequestMaker(creates, key), get: new RequestMaker(gets, key) };
  }

  /** What of the client the captured requests may not show. */
  #unusual({ container }: SdkClient): string | undefined {
    const { tokens, hasOwnHttpClient, factories } = this.#parts;
    const { directRequests, create } = this.#settings;
    if (!directRequests) return "directRequests is false";
    if (tokens !== undefined) return "the SDK follows what the service says of tokens";
    if (hasOwnHttpClient) return "the client has an HTTP client of its owner's";
    if (factories.some((factory) => !isCredential(factory))) return "the client has policies of its owner's";
    if (create.customerProvidedKey !== undefined) return "there is a customerProvidedKey";
    if (create.encryptionScope !== undefined) return "there is an encryptionScope";
    if (process.env["AZURE_LOG_LEVEL"]) return "the SDK is asked to log, by AZURE_LOG_LEVEL";
    const pipeline = fieldOf(fieldOf(container, "storageClientContext"), "pipeline");
    const ordered = fieldOf(pipeline, "getOrderedPolicies");
    const policies: unknown =
      typeof ordered === "function" ? Reflect.apply(ordered, pipeline, []) : undefined;
    if (!Array.isArray(policies)) return "the SDK does not show its policies";
    const names = (policies as readonly unknown[]).map((policy) => fieldOf(policy, "name"));
    const others = names.filter((name) => !knownPolicies.has(name));
    return others.length === 0
      ? undefined
      : `the pipeline has policies that are not known: ${others.join(", ")}`;
  }
}

/** A client may hold its credential among its policies. */
function isCredential(factory: object): boolean {
  return ["StorageSharedKeyCredential", "AnonymousCredential"].includes(factory.constructor.name);
}
