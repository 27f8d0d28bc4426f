import type { BaseOptions } from "@platformatic/kafka";
import type { ClientOptions } from "./client-options.ts";

type Base = Pick<
  BaseOptions,
  | "clientId"
  | "bootstrapBrokers"
  | "tls"
  | "sasl"
  | "connectTimeout"
  | "requestTimeout"
  | "metadataMaxAge"
  | "retryDelay"
>;

/** How long the client waits before it tries again, unless a caller says otherwise. */
const retryDelay = 200;

/** As the client takes them: an option that is left out must not be there. */
export function baseOptions({ clientId, bootstrapBrokers, tls, sasl, ...times }: ClientOptions): Base {
  const given = Object.entries({ tls, sasl, ...times }).filter(([, value]) => value !== undefined);
  return { clientId, bootstrapBrokers: [...bootstrapBrokers], retryDelay, ...Object.fromEntries(given) };
}
