/** Codecs that come with core. A codec of one's own is an object with an id and two functions. */
export type { AesGcmKey, AesGcmOptions } from "./aes-gcm.ts";
export { aesGcm } from "./aes-gcm.ts";
export { gzip } from "./gzip.ts";
