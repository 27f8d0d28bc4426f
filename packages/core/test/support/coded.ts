import type { Codec } from "../../src/codec.ts";

/** What coded bytes begin with: no text of an actor does. */
const mark = 1;

/** Gives other bytes each time, as an encrypting codec does. */
export function salting(): Codec {
  let calls = 0;
  return {
    id: "salting",
    encode: async (bytes) => {
      calls += 1;
      return new Uint8Array([mark, calls, ...bytes]);
    },
    decode: async (bytes) => uncoded(bytes),
  };
}

/** What was given to the codec, or was stored without one. */
export function uncoded(body: Uint8Array): Uint8Array {
  return body[0] === mark ? body.subarray(2) : body;
}
