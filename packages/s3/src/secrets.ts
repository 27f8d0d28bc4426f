/**
 * The fields of an error that its copy keeps. Any other may hold a credential: services echo the
 * session token in `Token-0` and `CanonicalRequest`, and the signature in `SignatureProvided`.
 */
const harmlessFields = [
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
 * A copy of what was thrown, and of its causes, that can be printed and logged: it lacks every
 * field that may hold a credential. It has the prototype of the original, so that `instanceof` and
 * `name` still work.
 *
 * It is a copy because the SDK's `$response`, which leads to the request and its token, cannot be
 * deleted.
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
  for (const name of harmlessFields) {
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
  // Otherwise a copy of an error without a stack would have the stack of this call.
  Reflect.deleteProperty(copy, "stack");
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(thrown)) as object;
}
