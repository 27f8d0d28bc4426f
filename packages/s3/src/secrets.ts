/**
 * The fields of an error that may stay on its copy. Services send back what they were sent: the session token in
 * `Token-0` and in `CanonicalRequest`, the signature in `SignatureProvided`.
 */
const harmless = [
  "name",
  "message",
  "stack",
  "cause",
  "errors",
  "code",
  "errno",
  "syscall",
  "address",
  "port",
  "hostname",
  "$fault",
  "$metadata",
  "httpStatusCode",
  "requestId",
  "extendedRequestId",
  "cfId",
  "attempts",
  "$service",
  "$retryable",
  "throttling",
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
];

/**
 * A copy of what was thrown, and of its causes, without whatever may hold a credential, so that it can be printed and
 * logged. It has the prototype of the original: `instanceof` and `name` work on.
 *
 * A copy, since the SDK's `$response`, which leads to the request and its token, cannot be taken off.
 */
export function withoutSecrets(thrown: unknown, copies: Map<object, object> = new Map()): unknown {
  if (typeof thrown === "function") return undefined;
  if (typeof thrown !== "object" || thrown === null) return thrown;
  const known = copies.get(thrown);
  if (known !== undefined) return known;
  const copy = Array.isArray(thrown) ? [] : emptyCopyOf(thrown);
  copies.set(thrown, copy);
  if (Array.isArray(copy)) {
    for (const each of thrown as readonly unknown[]) copy.push(withoutSecrets(each, copies));
    return copy;
  }
  for (const name of harmless) {
    if (!(name in thrown)) continue;
    Object.defineProperty(copy, name, {
      value: withoutSecrets(Reflect.get(thrown, name), copies),
      enumerable: Object.prototype.propertyIsEnumerable.call(thrown, name),
      configurable: true,
      writable: true,
    });
  }
  return copy;
}

function emptyCopyOf(thrown: object): object {
  if (!(thrown instanceof Error)) return {};
  const copy = new Error();
  // Without the names of the calls in here, where the original has no stack.
  Reflect.deleteProperty(copy, "stack");
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(thrown)) as object;
}
