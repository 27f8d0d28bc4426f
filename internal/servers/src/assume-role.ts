import { SignatureV4 } from "@smithy/signature-v4";
import { XMLParser } from "fast-xml-parser";
import type { S3Server } from "./minio.ts";
import { Sha256 } from "./sha256.ts";

/** Credentials that may do what a policy allows, and nothing else. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

interface AssumeRoleResponse {
  readonly AssumeRoleResponse?: {
    readonly AssumeRoleResult: {
      readonly Credentials: Readonly<Record<"AccessKeyId" | "SecretAccessKey" | "SessionToken", string>>;
    };
  };
}

/**
 * Asks MinIO's STS for credentials that its policy engine holds to `policy`, an IAM policy as JSON.
 *
 * @throws `Error` with what the service responded, if it refuses the policy
 */
export async function assumeRole(server: S3Server, policy: unknown): Promise<SessionCredentials> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const { host, hostname, port } = new URL(endpoint);
  const body = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    DurationSeconds: "3600",
    Policy: JSON.stringify(policy),
  }).toString();
  const signer = new SignatureV4({
    service: "sts",
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
  });
  const headers = { host, "content-type": "application/x-www-form-urlencoded" };
  const signed = await signer.sign({
    method: "POST",
    protocol: "http:",
    hostname,
    port: Number(port),
    path: "/",
    query: {},
    headers,
    body,
  });
  const response = await fetch(`${endpoint}/`, { method: "POST", headers: signed.headers, body });
  const text = await response.text();
  // Texts stay texts: an access key may look like a number.
  const parser = new XMLParser({ parseTagValue: false });
  const parsed = (response.ok ? parser.parse(text) : {}) as AssumeRoleResponse;
  const credentials = parsed.AssumeRoleResponse?.AssumeRoleResult.Credentials;
  if (credentials === undefined) throw new Error(`AssumeRole was refused with ${response.status}: ${text}`);
  return {
    accessKeyId: credentials.AccessKeyId,
    secretAccessKey: credentials.SecretAccessKey,
    sessionToken: credentials.SessionToken,
  };
}
