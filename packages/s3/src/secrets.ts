/**
 * The fields of an SDK error that may stay on it. Services send back what they were sent: the session token in
 * `Token-0` and in `CanonicalRequest`, the signature in `SignatureProvided`.
 */
const harmless = new Set([
  "name",
  "message",
  "stack",
  "cause",
  "code",
  "errno",
  "syscall",
  "address",
  "port",
  "hostname",
  "$fault",
  "$metadata",
  "$service",
  "$retryable",
  "Code",
  "Bucket",
  "BucketName",
  "Key",
  "Region",
  "Endpoint",
  "Condition",
  "Header",
  "RequestId",
  "HostId",
]);

/**
 * Takes off an error, and off its causes, whatever may hold a credential, so that it can be printed and logged.
 *
 * In place: what is thrown on is the SDK's own error. Its `$response` is not enumerable and stays.
 */
export function hideSecrets(error: unknown): void {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    seen.add(each);
    for (const name of Object.keys(each)) {
      if (!harmless.has(name)) Reflect.deleteProperty(each, name);
    }
  }
}
