import type { Codec } from "../../src/index.ts";

/** Gives the bytes in reverse. */
export const mirrored: Codec = {
  id: "mirrored",
  encode: async (bytes) => bytes.toReversed(),
  decode: async (bytes) => bytes.toReversed(),
};

/** Gives other bytes each time, as an encrypting codec does. */
export const salted: Codec = {
  id: "salted",
  encode: async (bytes) =>
    new Uint8Array([...crypto.getRandomValues(new Uint8Array(8)), ...bytes.toReversed()]),
  decode: async (bytes) => bytes.subarray(8).toReversed(),
};
