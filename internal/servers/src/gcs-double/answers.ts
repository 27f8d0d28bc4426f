/** What the double sends back. */
export interface GcsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): GcsAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", ...headers },
    body: encoder.encode(JSON.stringify(value)),
  };
}

export function textAnswer(status: number, text: string): GcsAnswer {
  return { status, headers: { "content-type": "text/html; charset=UTF-8" }, body: encoder.encode(text) };
}

export function errorAnswer(
  code: number,
  reason: string,
  message: string,
  location: Readonly<Record<string, string>> = {},
): GcsAnswer {
  const errors = [{ message, domain: "global", reason, ...location }];
  return jsonAnswer(code, { error: { code, message, errors } });
}

export function bucketAbsent(): GcsAnswer {
  return errorAnswer(404, "notFound", "The specified bucket does not exist.");
}

export function objectAbsent(bucket: string, name: string): GcsAnswer {
  return errorAnswer(404, "notFound", `No such object: ${bucket}/${name}`);
}

export function conditionNotMet(): GcsAnswer {
  return errorAnswer(
    412,
    "conditionNotMet",
    "At least one of the pre-conditions you specified did not hold.",
    { locationType: "header", location: "If-Match" },
  );
}

/** Without a token the service names the permission; with one that it does not know, the credentials. */
export function unauthorized(hasToken: boolean): GcsAnswer {
  const location = { locationType: "header", location: "Authorization" };
  const answer = hasToken
    ? errorAnswer(401, "authError", "Invalid Credentials", location)
    : errorAnswer(
        401,
        "required",
        "Anonymous caller does not have access to the Google Cloud Storage bucket.",
        location,
      );
  return {
    ...answer,
    headers: { ...answer.headers, "www-authenticate": 'Bearer realm="https://accounts.google.com/"' },
  };
}
