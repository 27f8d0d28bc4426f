import { createHash, timingSafeEqual } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../sha256.ts";
import { errors, Refusal, regionWrong } from "./error-response.ts";
import type { Settings } from "./options.ts";
import { headerOf, type SeenRequest } from "./request.ts";

const quarterHourMs = 15 * 60_000;
const authorization =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Signs the request as its sender should have, and compares. Then checks its date. */
export async function authenticate(request: SeenRequest, settings: Settings): Promise<void> {
  const header = headerOf(request, "authorization");
  if (header === undefined) throw new Refusal(errors.accessDenied);
  const [, accessKeyId = "", day = "", region = "", signedHeaders = "", signature = ""] =
    authorization.exec(header) ?? [];
  if (signature === "") throw new Refusal(errors.authorizationUnknown);
  if (accessKeyId !== settings.accessKeyId) throw new Refusal(errors.accessKeyUnknown);
  if (region !== settings.region) throw new Refusal(regionWrong(settings.region));
  if ((headerOf(request, "x-amz-security-token") ?? "") !== settings.sessionToken) {
    throw new Refusal(errors.tokenInvalid);
  }
  const date = dateOf(headerOf(request, "x-amz-date"));
  const expected = await sign(request, signedHeaders.split(";"), date, settings);
  if (!isSame(signature, expected) || !iso(date).startsWith(day)) throw new Refusal(errors.signatureWrong);
  if (Math.abs(date.getTime() - settings.now()) > quarterHourMs) throw new Refusal(errors.timeSkewed);
  const sha256 = headerOf(request, "x-amz-content-sha256") ?? "";
  if (sha256.startsWith("STREAMING-")) throw new Refusal(errors.notImplemented);
  if (sha256 !== "UNSIGNED-PAYLOAD" && sha256 !== createHash("sha256").update(request.body).digest("hex")) {
    throw new Refusal(errors.sha256Wrong);
  }
}

async function sign(
  request: SeenRequest,
  signedHeaders: readonly string[],
  date: Date,
  { accessKeyId, secretAccessKey, sessionToken, region }: Settings,
): Promise<string> {
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === "" ? {} : { sessionToken }) },
    sha256: Sha256,
    uriEscapePath: false,
  });
  const headers = Object.fromEntries(signedHeaders.map((name) => [name, headerOf(request, name) ?? ""]));
  const query = Object.fromEntries(request.query);
  const signed = await signer.sign(
    { method: request.method, protocol: "http:", hostname: "", path: request.path, query, headers },
    { signingDate: date, signableHeaders: new Set(signedHeaders) },
  );
  return authorization.exec(signed.headers["authorization"] ?? "")?.[5] ?? "";
}

function dateOf(text = ""): Date {
  const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(text) ?? [];
  if (day === undefined || time === undefined) throw new Refusal(errors.accessDenied);
  return new Date(
    `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`,
  );
}

function iso(date: Date): string {
  return date.toISOString().replaceAll(/[-:]/g, "");
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
