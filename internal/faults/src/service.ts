import type { ObjectStore } from "@state/core";
import type { Answer, ProxiedRequest } from "@state/servers/proxy";

export type Operation = "create" | "get" | "list" | "delete";

/** Something to test on: a double, a server, or what the environment names. */
export interface Target {
  /** For reports. */
  readonly server: string;
  readonly endpoint: string;
  /** A store under a prefix of its own, whose requests go to `endpoint`: the target's, or a proxy's in front of it. */
  open(endpoint: string, prefix: string): ObjectStore;
  stop(): Promise<void>;
}

/** Refusals that every service has, in its own words. */
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

/** What the tests have to know of a service in order to fail it. */
export interface Service {
  readonly name: "s3" | "gcs" | "azure";
  start(): Promise<Target>;
  operationOf(request: ProxiedRequest): Operation | undefined;
  readonly refusals: Readonly<Record<RefusalName, Answer>>;
  /** The operations whose answer has no body. */
  readonly bodiless: readonly Operation[];
  /** The parameter of a listing's URL that asks for a further page. */
  readonly cursor: string;
  /** A listing's answer that says there is another page. */
  readonly truncated: (listing: Answer) => Answer;
}

/** Seconds. */
export const retryAfter = "7";

/** An answer whose body is another text. */
export function withText(answer: Answer, alter: (text: string) => string): Answer {
  return { ...answer, body: Buffer.from(alter(answer.body.toString())) };
}
