import type { Remark } from "@state/core";
import { clockRemark, proxyVariables } from "@state/core/adapter";
import type { DirectWay } from "../direct/way.ts";

/** When a request went and came, by this clock, and the response's own `Date`. */
export interface Times {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly date: string | undefined;
}

const signatures =
  "S3 refuses what is signed 15 minutes off it, until the SDK has corrected itself by such a refusal";

export function clockOf(times: Times | undefined): Remark {
  if (times === undefined)
    return { about: "clock", outcome: "unknown", message: "no response has come that has a time" };
  return clockRemark(times.date, times, signatures);
}

/** A request that goes through the SDK takes several times the CPU. */
export function pathRemark(way: Pick<DirectWay, "path" | "reason"> | undefined): Remark {
  const about = "request path";
  if (way?.path === undefined)
    return { about, outcome: "unknown", message: "nothing was created, read or listed yet" };
  if (way.path === "direct")
    return { about, outcome: "ok", message: "requests are signed and sent by the store itself" };
  const message = `requests go through the SDK's pipeline, which takes several times the CPU: ${way.reason ?? "for no known reason"}`;
  const next = "new S3Store({ bucket, prefix, clientConfig: { region } }), without what the reason names";
  return { about, outcome: "warning", message, next };
}

/** Nothing, if the environment names no proxy. @param heeds whether requests go by it; `undefined` if the client does not show that */
export function proxyRemarks(
  heeds: boolean | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Remark[] {
  const about = "proxy";
  const variables = proxyVariables(environment);
  if (variables.length === 0) return [];
  const set = `${variables.join(", ")} ${variables.length === 1 ? "is" : "are"} set`;
  if (heeds === undefined)
    return [{ about, outcome: "unknown", message: `${set}; the client's own handler decides what it heeds` }];
  if (heeds)
    return [{ about, outcome: "ok", message: `${set}, and heeded: the client's agent has a proxyEnv` }];
  const message = `${set}, and not heeded: requests go straight to the service`;
  const next =
    "If they must go by the proxy: new S3Store({ bucket, clientConfig: { requestHandler: { httpsAgent: new https.Agent({ keepAlive: true, proxyEnv: process.env }) } } }), from Node 24.5";
  return [{ about, outcome: "ok", message, next }];
}
