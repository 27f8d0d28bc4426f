import type { ObjectStore } from "@state/core";
import type { HttpResponse, ProxiedRequest } from "@state/servers/proxy";

export type Operation = "create" | "get" | "list" | "delete";

/** Where a service's tests run: on a double, on a server of their own, or on the one that the environment names. */
export interface Target {
  /** Its name in reports. */
  readonly server: string;
  readonly endpoint: string;
  /** A store under a prefix of its own, whose requests go to `endpoint`: the target's, or a proxy's in front of it. */
  open(endpoint: string, prefix: string, idleTimeoutMs?: number, directRequests?: boolean): ObjectStore;
  stop(): Promise<void>;
}

/** The refusals that every service has, each with codes of its own. */
export type RefusalName =
  | "408"
  | "409, a request for the same key is under way"
  | "409, of another kind"
  | "412"
  | "429, Retry-After"
  | "503, Retry-After"
  | "500"
  | "403"
  | "301"
  | "200 with an error in its body";

/** What the tests have to know of a service in order to inject faults. */
export interface Service {
  readonly name: "s3" | "gcs" | "azure";
  start(): Promise<Target>;
  operationOf(request: ProxiedRequest): Operation | undefined;
  readonly refusals: Readonly<Record<RefusalName, HttpResponse>>;
  /** The operations whose response has no body. */
  readonly withoutResponseBody: readonly Operation[];
  /** The parameter of a listing's URL that asks for a further page. */
  readonly pageParameter: string;
  /** A listing's response, altered to say that there is another page. */
  readonly withNextPage: (listing: HttpResponse) => HttpResponse;
}

/** The `Retry-After` of refusals, in seconds. */
export const retryAfter = "7";

/** The response with its text altered. */
export function withText(response: HttpResponse, alter: (text: string) => string): HttpResponse {
  return { ...response, body: Buffer.from(alter(response.body.toString())) };
}
