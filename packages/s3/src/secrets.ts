/**
 * The fields of an error of the SDK that its copy keeps, beside those of every error. Any other may
 * hold a credential: services echo the session token in `Token-0` and `CanonicalRequest`, and the
 * signature in `SignatureProvided`; `$response` leads to the request.
 */
export const harmlessFields: readonly string[] = [
  "$fault",
  "$metadata",
  "$service",
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
