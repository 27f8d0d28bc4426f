/** Plain functions for whoever writes a store: what all stores do alike. What differs by service stays with the store. */
export type { FailureDetails, Meaning, StoreCall } from "./call.ts";
export { storeError } from "./call.ts";
export type { AnnouncedBody } from "./body.ts";
export { bodyLimit, checkBody, concatenate, inSlices, readBody, sentSlices } from "./body.ts";
export { codeOf, meaningOfSilence, retryAfterMs } from "./failures.ts";
export { checkKey, checkPrefix, isKey } from "../keys.ts";
export type { ListingRequest, ServicePage } from "./listing.ts";
export { pageReader } from "./listing.ts";
export type { Pool } from "./pool.ts";
export { deleteEach, failuresOf, poolOf } from "./pool.ts";
export { prefixOf } from "./prefix.ts";
export type { RequestOptions, RunningRequest } from "./request.ts";
export { IdleTimeout, runRequest } from "./request.ts";
export type { Redactor } from "./secrets.ts";
export { redactorOf, withoutSecrets } from "./secrets.ts";
export type { StoreUrl } from "./url.ts";
export { parseStoreUrl } from "./url.ts";
