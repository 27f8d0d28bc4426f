import { GcsStore } from "@state/gcs";
import { createGcsBucket, startGcsDouble } from "servers";
import { type Answer, answerOf } from "servers/proxy";
import { retryAfter, type Service, type Target, withText } from "./service.ts";

function refusal(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const error = { code: status, message: "made up", errors: [{ message: "made up", domain: "global", reason }] };
  return answerOf(status, { "Content-Type": "application/json; charset=UTF-8", ...headers }, JSON.stringify({ error }));
}
