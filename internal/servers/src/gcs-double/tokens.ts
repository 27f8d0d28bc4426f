import { createPublicKey, generateKeyPairSync, randomUUID, verify, type KeyObject } from "node:crypto";
import { type GcsResponse, jsonResponse } from "./responses.ts";

/** What the SDK takes as `credentials`. */
export interface ServiceAccountKey {
  readonly type: "service_account";
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
}

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** A token endpoint that knows one service account: tokens are given for what its key has signed. */
export class Tokens {
  readonly key: ServiceAccountKey;
  readonly #publicKey: KeyObject;
  readonly #given: Set<string> = new Set();

  constructor() {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.#publicKey = createPublicKey(privateKey);
    this.key = {
      type: "service_account",
      project_id: "project",
      client_email: "tests@project.iam.gserviceaccount.com",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  }

  /** Every token that was given and not revoked. */
  get given(): readonly string[] {
    return [...this.#given];
  }

  knows(authorization: string): boolean {
    return authorization.startsWith("Bearer ") && this.#given.has(authorization.slice("Bearer ".length));
  }

  revokeAll(): void {
    this.#given.clear();
  }

  /** The response to a request for a token. */
  respond(form: URLSearchParams): GcsResponse {
    if (form.get("grant_type") !== grantType || !this.#isSigned(form.get("assertion") ?? "")) {
      return jsonResponse(400, { error: "invalid_grant", error_description: "Invalid JWT Signature." });
    }
    const token = `ya29.${randomUUID()}`;
    this.#given.add(token);
    return jsonResponse(200, { access_token: token, expires_in: 3599, token_type: "Bearer" });
  }

  #isSigned(assertion: string): boolean {
    const [header = "", payload = "", signature = ""] = assertion.split(".");
    const claims: unknown =
      payload === "" ? undefined : JSON.parse(Buffer.from(payload, "base64url").toString());
    return (
      typeof claims === "object" &&
      claims !== null &&
      Reflect.get(claims, "iss") === this.key.client_email &&
      verify(
        "sha256",
        Buffer.from(`${header}.${payload}`),
        this.#publicKey,
        Buffer.from(signature, "base64url"),
      )
    );
  }
}
