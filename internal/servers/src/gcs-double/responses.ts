/** What the double sends back. */
export interface GcsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();

export function jsonResponse(status: number, value: unknown): GcsResponse {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: encoder.encode(JSON.stringify(value)),
  };
}

export function textResponse(status: number, text: string): GcsResponse {
  return { status, headers: { "content-type": "text/html; charset=UTF-8" }, body: encoder.encode(text) };
}

export function errorResponse(
  code: number,
  reason: string,
  message: string,
  location: Readonly<Record<string, string>> = {},
): GcsResponse {
  const errors = [{ message, domain: "global", reason, ...location }];
  return jsonResponse(code, { error: { code, message, errors } });
}

export function objectAbsent(bucket: string, name: string): GcsResponse {
  return errorResponse(404, "notFound", `No such object: ${bucket}/${name}`);
}

export function conditionNotMet(): GcsResponse {
  return errorResponse(
    412,
    "conditionNotMet",
    "At least one of the pre-conditions you specified did not hold.",
    { locationType: "header", location: "If-Match" },
  );
}

/** Without a token the service names the missing permission; with an unknown token, the credentials. */
export function unauthorized(hasToken: boolean): GcsResponse {
  const [reason, message] = hasToken
    ? (["authError", "Invalid Credentials"] as const)
    : (["required", "Anonymous caller does not have access to the Google Cloud Storage bucket."] as const);
  const response = errorResponse(401, reason, message, {
    locationType: "header",
    location: "Authorization",
  });
  return {
    ...response,
    headers: { ...response.headers, "www-authenticate": 'Bearer realm="https://accounts.google.com/"' },
  };
}
