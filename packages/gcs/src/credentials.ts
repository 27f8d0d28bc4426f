import { fieldOf, type Meaning, meaningOfSilence, type Redactor, retryAfterMs } from "@state/core/adapter";
import type { AuthClient } from "./client.ts";
import { headersOf } from "./response.ts";
import { redactorFor } from "./secrets.ts";

const configure =
  "configure application default credentials, or name a key file by GOOGLE_APPLICATION_CREDENTIALS";
const unreadable = "mend the file of the credentials, or GOOGLE_APPLICATION_CREDENTIALS";
const refused = "the issuer of the credentials has refused them: replace them, or grant them what they lack";
const later = "no token can be had just now";

/** What the SDK says if nothing is configured. */
const nothingConfigured =
  /^(Could not load the default credentials|No access, refresh token, API key or refresh handler|No refresh token)/;
/** A file that is named, and cannot be read. */
const fileCodes: ReadonlySet<unknown> = new Set(["ENOENT", "EACCES", "EISDIR", "ENOTDIR"]);

/** What a step on the way to a token means that failed. */
export interface CredentialFailure extends Meaning {
  readonly retryAfterMs?: number | undefined;
}

/** The credentials of a client, and what becomes of them. */
export class Credentials {
  readonly #auth: AuthClient;
  /** The `Authorization` of requests. A token lives for an hour. */
  readonly #sent: Set<string> = new Set();
  #client: unknown;
  #renewal: Promise<boolean> | undefined;
  /** Whether the SDK was told that there is a metadata server, though it has found none. */
  #isAssumed = false;

  constructor(auth: AuthClient) {
    this.#auth = auth;
  }

  /** The client that sends: a `GoogleAuth` finds it by its chain at the first request. */
  async client(): Promise<AuthClient> {
    const getClient: unknown = fieldOf(this.#auth, "getClient");
    const client: unknown =
      typeof getClient === "function" ? await Reflect.apply(getClient, this.#auth, []) : this.#auth;
    this.#client = client;
    return isAuthClient(client) ? client : this.#auth;
  }

  /** Keeps what a request was sent with, in order to redact it. */
  onSent(authorization: string): void {
    this.#sent.add(authorization);
    const [oldest] = this.#sent;
    if (this.#sent.size > 8 && oldest !== undefined) this.#sent.delete(oldest);
  }

  readonly redact: Redactor = (text) => redactorFor(this.#client ?? this.#auth, this.#sent)(text);

  /** What it means that no token could be had, if nothing was sent. */
  failure(error: unknown): CredentialFailure {
    const message = String(fieldOf(error, "message"));
    const status = fieldOf(fieldOf(error, "response"), "status") ?? fieldOf(error, "status");
    if (typeof status === "number") return this.#refusal(error, status);
    if (nothingConfigured.test(message)) {
      this.#lookAgain();
      return isServerNamed() ? { code: "Unavailable", advice: later } : { code: "Denied", advice: configure };
    }
    if (fileCodes.has(fieldOf(error, "code"))) return { code: "Denied", advice: unreadable };
    if (this.#isAssumed && !isServerNamed()) {
      this.#lookAgain();
      return { code: "Denied", advice: configure };
    }
    return { advice: later, ...meaningOfSilence(error) };
  }

  /**
   * After a 401: the token that was refused is not sent again. If the client has it still, its issuer is asked for another,
   * once for all requests that wait for it.
   *
   * @returns whether the client has another token now
   * @throws what the issuer fails with
   */
  async renew(authorization: string): Promise<boolean> {
    const client = await this.client();
    if ((await authorizationOf(client)) !== authorization) return true;
    this.#renewal ??= renewed(client, authorization).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  #refusal(error: unknown, status: number): CredentialFailure {
    const response = fieldOf(error, "response");
    const headers = headersOf(fieldOf(response, "headers"));
    if (status === 429)
      return {
        code: "Throttled",
        retryAfterMs: retryAfterMs(headers.get("retry-after"), headers.get("date")),
      };
    const isFinal = status >= 400 && status < 500 && status !== 408;
    const isOfIssuer =
      response === undefined ||
      headers.get("metadata-flavor") === "Google" ||
      saysError(fieldOf(response, "data"));
    return isFinal && isOfIssuer
      ? { code: "Denied", advice: refused }
      : { code: "Unavailable", advice: later };
  }

  /**
   * The SDK remembers for the life of the process that no metadata server responded. The next attempt asks it directly,
   * after it has looked for files again.
   */
  #lookAgain(): void {
    this.#isAssumed = true;
    Reflect.set(this.#auth, "checkIsGCE", true);
    Reflect.set(this.#auth, "cachedCredential", null);
  }
}

function isAuthClient(client: unknown): client is AuthClient {
  return typeof fieldOf(client, "request") === "function";
}

/** Whether the environment says that there is a metadata server. */
function isServerNamed(): boolean {
  const { GCE_METADATA_HOST, GCE_METADATA_IP, METADATA_SERVER_DETECTION } = process.env;
  return [GCE_METADATA_HOST, GCE_METADATA_IP].some(Boolean) || METADATA_SERVER_DETECTION === "assume-present";
}

/** OAuth endpoints respond with an `error` in JSON. A page of a proxy has none. */
function saysError(data: unknown): boolean {
  if (typeof data === "string") return /^\s*\{.*"error"\s*:/s.test(data);
  return fieldOf(data, "error") !== undefined;
}

async function renewed(client: AuthClient, authorization: string): Promise<boolean> {
  const credentials = fieldOf(client, "credentials");
  const setCredentials: unknown = fieldOf(client, "setCredentials");
  if (typeof setCredentials !== "function" || !isRenewable(client, credentials)) return false;
  // The SDK asks for a token when the one that it has is about to end.
  Reflect.apply(setCredentials, client, [{ ...Object(credentials), expiry_date: 1 }]);
  return (await authorizationOf(client)) !== authorization;
}

/** A client that was given a token, and nothing to get another by, would have none afterwards. */
function isRenewable(client: AuthClient, credentials: unknown): boolean {
  const isOfOAuth = typeof fieldOf(client, "refreshAccessToken") === "function";
  return (
    !isOfOAuth ||
    typeof fieldOf(credentials, "refresh_token") === "string" ||
    typeof fieldOf(client, "refreshHandler") === "function"
  );
}

async function authorizationOf(client: AuthClient): Promise<string | undefined> {
  const getHeaders: unknown = fieldOf(client, "getRequestHeaders");
  if (typeof getHeaders !== "function") return undefined;
  return headersOf(await Reflect.apply(getHeaders, client, [])).get("authorization") ?? undefined;
}
