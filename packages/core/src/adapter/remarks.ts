import type { Remark } from "../store.ts";

/** Whether a rule for one prefix is about something under the other. */
export function meets(rule: string, prefix: string): boolean {
  return rule.startsWith(prefix) || prefix.startsWith(rule);
}

/** A `Date` header has whole seconds. */
const resolutionMs = 1_000;
const skewMs = 60_000;

/**
 * What a response's `Date` says of this machine's clock.
 *
 * @param sentAt by this clock, in milliseconds since 1970, as `receivedAt`
 * @param matters what a wrong clock does to this service's requests, as a clause
 */
export function clockRemark(
  date: string | null | undefined,
  { sentAt, receivedAt }: { readonly sentAt: number; readonly receivedAt: number },
  matters: string,
): Remark {
  const about = "clock";
  const there = Date.parse(date ?? "");
  if (Number.isNaN(there))
    return { about, outcome: "unknown", message: "the service does not say what time it is" };
  const behind = Math.max(0, there - receivedAt);
  const ahead = Math.max(0, sentAt - there - resolutionMs);
  if (behind + ahead < skewMs)
    return { about, outcome: "ok", message: "it agrees with the service's, to a minute" };
  const seconds = Math.round((behind + ahead) / 1_000);
  const message = `this clock is ${seconds} s ${ahead > 0 ? "ahead of" : "behind"} the service's: ${matters}`;
  return { about, outcome: "warning", message, next: "sudo timedatectl set-ntp true" };
}

/** The variables of the environment that name proxies, and those to be left out, that are set. */
export function proxyVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];
  return names
    .flatMap((name) => [name, name.toLowerCase()])
    .filter((name) => (environment[name] ?? "") !== "");
}

/** A text as one word of a shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
