import type { S3Client } from "@aws-sdk/client-s3";
import { fieldOf } from "@state/core/adapter";
import type { Kind } from "../commands.ts";
import { clockOffsetOf, credentialsOf, probe, type Sample, Unlike } from "./probe.ts";
import { momentOf, type RequestInput, type Template, type WireRequest } from "./template.ts";

/** A client's requests may change when its owner's settings do: what was found out holds for so many requests. */
const requestsToAProbe = 10_000;

export interface WayOptions {
  readonly client: S3Client;
  /** Why no request may go directly, if it is known. */
  readonly reason: string | undefined;
  readonly sample: (kind: Kind, seed: string) => Promise<Sample>;
}

/**
 * Makes requests without the SDK's pipeline, which takes several times as long as the request itself, where that pipeline
 * does nothing but what was seen of it.
 */
export class DirectWay {
  readonly #options: WayOptions;
  readonly #probes = new Map<Kind, Promise<Template | undefined>>();
  readonly #reasons = new Map<Kind, string>();
  #requests = 0;

  constructor(options: WayOptions) {
    this.#options = options;
  }

  /** How requests are made; `sdk` if those of one kind go through it. `undefined` before the first. */
  get path(): "direct" | "sdk" | undefined {
    if (this.reason !== undefined) return "sdk";
    return this.#probes.size === 0 ? undefined : "direct";
  }

  /** Why requests go through the SDK; `undefined` if they go directly, as far as is known. */
  get reason(): string | undefined {
    const [found] = this.#reasons;
    return this.#options.reason ?? (found === undefined ? undefined : `${found[0]}: ${found[1]}`);
  }

  /**
   * The signed request, of the SDK's own class; `undefined` if it has to go through the SDK. Waits for a probe before the
   * first of its kind, and no longer than until `signal` aborts: the next request begins another one.
   *
   * @throws whatever the source of the credentials rejects with
   */
  async request(kind: Kind, input: RequestInput, signal: AbortSignal): Promise<WireRequest | undefined> {
    const template = await this.#templateOf(kind, signal);
    if (template === undefined) return undefined;
    const { client } = this.#options;
    const credentials = await credentialsOf(client);
    if ((credentials.sessionToken !== undefined) !== template.hasToken) {
      this.forget();
      return undefined;
    }
    return template.request(input, momentOf(credentials, clockOffsetOf(client)));
  }

  /** To be called if the service has refused a request: before the next one, what is known of the client is seen anew. */
  forget(): void {
    this.#probes.clear();
  }

  #templateOf(kind: Kind, signal: AbortSignal): Promise<Template | undefined> {
    if (this.#options.reason !== undefined) return Promise.resolve(undefined);
    this.#requests = (this.#requests + 1) % requestsToAProbe;
    if (this.#requests === 0) this.forget();
    const known = this.#probes.get(kind);
    if (known !== undefined) return known;
    const probed = this.#probe(kind);
    this.#probes.set(kind, probed);
    // It may wait for credentials, and for ever.
    signal.addEventListener("abort", () => {
      if (this.#probes.get(kind) === probed) this.#probes.delete(kind);
    });
    return probed;
  }

  async #probe(kind: Kind): Promise<Template | undefined> {
    const { client, sample } = this.#options;
    try {
      const template = await probe(client, [await sample(kind, "1"), await sample(kind, "two")]);
      this.#reasons.delete(kind);
      return template;
    } catch (error) {
      // The SDK could make no request: it says why with the request itself, and what it is like is still unknown.
      if (error instanceof Unlike) this.#reasons.set(kind, error.message);
      else this.forget();
      return undefined;
    }
  }
}

/** Why a client's requests cannot be made without it, where its probe would not show it. */
export function reasonOf({ config }: S3Client, hasStockMiddleware: boolean): string | undefined {
  if (!hasStockMiddleware) return "the client has middleware of its owner";
  const logger = fieldOf(config, "logger")?.constructor.name;
  return logger === undefined || logger === "NoOpLogger" ? undefined : "the client has a logger";
}
