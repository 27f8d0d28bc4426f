import { findErrorBy, NetworkError } from "@platformatic/kafka";

/** Whether a response of a broker, anywhere within the error, has one of Kafka's error names. */
export function hasCode(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.some((name) => findErrorBy(error, "apiId", name) !== null);
}

/** Whether the same request may succeed later: a broker is out of reach, or a partition has another leader. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    NetworkError.isRetryable(error) ||
    findErrorBy(error, "canRetry", true) !== null ||
    findErrorBy(error, "code", "PLT_KFK_NETWORK") !== null ||
    findErrorBy(error, "code", "PLT_KFK_TIMEOUT") !== null
  );
}
