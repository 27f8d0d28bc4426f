import type { AccessToken, TokenCredential, TokenOptions } from "./options.ts";

/** How long before its end a token is replaced, while it is still used. */
const refreshMs = 2 * 60_000;
/** How long before its end a token is not used any more. */
const endMs = 5_000;
/** How long no other is asked for after a replacement has failed, while a token is still good. */
const pauseMs = 3_000;

/** No token could be had. Nothing was sent to the service. */
export class TokenFailure extends Error {
  /** Whether the issuer refuses to give one, or nothing is configured that could. */
  readonly isRefusal: boolean;

  constructor(message: string, isRefusal: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TokenFailure";
    this.isRefusal = isRefusal;
  }
}

/**
 * The tokens of one store. They are asked for once for all requests that wait for one, ahead of their end, and after the
 * service has refused one. The SDK keeps a token until its end, whatever the service says of it, so it is told that each
 * token ends at once, and asks here before each request.
 */
export class TokenSource {
  readonly #credential: TokenCredential;
  readonly #audience: string | undefined;
  #token: AccessToken | undefined;
  #asked: Promise<AccessToken> | undefined;
  #refused: string | undefined;
  #pausedUntil = 0;
  #scopes: string | string[] = "https://storage.azure.com/.default";
  #options: TokenOptions = {};

  /** @param audience instead of the scopes that the SDK asks for: a batch of its asks for the public cloud's */
  constructor(credential: TokenCredential, audience?: string) {
    this.#credential = credential;
    this.#audience = audience;
  }

  /**
   * For the SDK.
   *
   * @throws `TokenFailure`
   */
  async getToken(scopes: string | string[], options: TokenOptions = {}): Promise<AccessToken> {
    const { claims, tenantId } = options;
    if (claims !== undefined || tenantId !== undefined) {
      // The service has refused a token, and has said of whom, or for what, it wants another.
      this.#scopes = scopes;
      this.#options = {
        ...(claims === undefined ? {} : { claims }),
        ...(tenantId === undefined ? {} : { tenantId }),
      };
      return endedAtOnce(await this.#ask());
    }
    if (this.#options.tenantId === undefined) this.#scopes = this.#audience ?? scopes;
    return endedAtOnce(await this.#current());
  }

  /**
   * Asks for another token than the one that the service has refused, unless that has been done.
   *
   * @returns whether there is another one now
   * @throws `TokenFailure`
   */
  async replace(refused: string): Promise<boolean> {
    if (this.#token !== undefined && this.#token.token !== refused) return true;
    this.#refused = refused;
    return (await this.#ask()).token !== refused;
  }

  async #current(): Promise<AccessToken> {
    const token = this.#token;
    const now = Date.now();
    const isGood =
      token !== undefined && token.token !== this.#refused && now < token.expiresOnTimestamp - endMs;
    if (!isGood) {
      const asked = await this.#ask();
      if (asked.token !== this.#refused) return asked;
      throw new TokenFailure("the credential gives the token again that the service has refused", true);
    }
    const refreshAt = token.refreshAfterTimestamp ?? token.expiresOnTimestamp - refreshMs;
    if (now >= refreshAt && now >= this.#pausedUntil) {
      // The token that is there is still good. If this fails, a later request asks again.
      this.#ask().catch(() => undefined);
    }
    return token;
  }

  /** One request to the issuer at a time. It is nobody's own, so no caller's abort ends it. */
  #ask(): Promise<AccessToken> {
    this.#asked ??= this.#askNow().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  async #askNow(): Promise<AccessToken> {
    // Claims are about one token. The tenant stays.
    const { claims: _, ...lasting } = this.#options;
    const options = { enableCae: true, ...this.#options };
    this.#options = lasting;
    let token: AccessToken | null;
    try {
      token = await this.#credential.getToken(this.#scopes, options);
    } catch (error) {
      this.#pausedUntil = Date.now() + pauseMs;
      if (error instanceof TokenFailure) throw error;
      const text = error instanceof Error ? error.message : String(error);
      throw new TokenFailure(text.split("\n", 1)[0] ?? "", saysRefused(error), error);
    }
    if (token === null) throw new TokenFailure("the credential gave no token", false);
    this.#token = token;
    return token;
  }
}

function endedAtOnce({ token }: AccessToken): AccessToken {
  return { token, expiresOnTimestamp: 0 };
}

/** What an issuer says that will not pass, by the `error` of OAuth. */
const refusals: ReadonlySet<unknown> = new Set([
  "access_denied",
  "consent_required",
  "interaction_required",
  "invalid_client",
  "invalid_grant",
  "invalid_request",
  "invalid_resource",
  "invalid_scope",
  "login_required",
  "unauthorized_client",
  "unsupported_grant_type",
]);
/** The endpoint of managed identities says 404 and 410 while it starts and while it is updated. */
const passingStatuses: ReadonlySet<number> = new Set([404, 408, 410, 429]);
/** Credentials report an endpoint that cannot be reached as not configured, and say why in their text alone. */
const unreachable =
  /managed ?identity|IMDS|network|unreachable|timed? ?out|connect|endpoints_resolution|E(?:CONN|NOTFOUND|AI_AGAIN|HOSTUN)|unavailable_|temporar|\b5\d\d\b/i;

/** Whether a credential's error says that its issuer has refused, or that nothing is configured. Any other may pass. */
function saysRefused(error: unknown): boolean {
  const verdicts = verdictsOf(error);
  return verdicts.length > 0 && !verdicts.includes("passing");
}

type Verdict = "passing" | "refused" | "not configured";

const deepest = 5;

/** What an error of `@azure/identity`, or the errors that it was made of, say. */
function verdictsOf(error: unknown, depth = 0): readonly Verdict[] {
  if (typeof error !== "object" || error === null || depth > deepest) return [];
  const field = (name: string): unknown => Reflect.get(error, name);
  const errors = field("errors");
  if (Array.isArray(errors)) {
    // One credential of a chain that may work later is enough.
    return errors.flatMap((each): readonly Verdict[] => {
      const verdicts = verdictsOf(each, depth + 1);
      return verdicts.length === 0 ? ["passing"] : verdicts;
    });
  }
  const text = String(field("message"));
  const status = [field("statusCode"), field("status")].find((each) => typeof each === "number");
  if (typeof status === "number" && status >= 400) {
    const isPassing = status >= 500 || passingStatuses.has(status) || /unreachable/i.test(text);
    return [isPassing ? "passing" : "refused"];
  }
  const codes = [field("errorCode"), field("error"), Reflect.get(Object(field("errorResponse")), "error")];
  if (codes.some((code) => refusals.has(code))) return ["refused"];
  const causes = verdictsOf(field("cause"), depth + 1);
  if (causes.length > 0) return causes;
  if (field("name") !== "CredentialUnavailableError") return [];
  return [field("cause") !== undefined || unreachable.test(text) ? "passing" : "not configured"];
}
