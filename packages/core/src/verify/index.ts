/** Looks at everything in a namespace, and names what is wrong. */
export type { Finding, FindingKind, Severity } from "./finding.ts";
export type { VerifiedEpoch, VerifyOptions, VerifyProgress } from "./verify.ts";
export { verify } from "./verify.ts";
