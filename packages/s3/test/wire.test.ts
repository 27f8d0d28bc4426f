import { Readable } from "node:stream";
import type { RunningRequest } from "@state/core/adapter";
import { describe, expect, test } from "vitest";
import { readText } from "../src/wire.ts";

/** A request that counts the parts which it is told of. */
function countingRequest(): RunningRequest & { parts: number } {
  return {
    signal: new AbortController().signal,
    parts: 0,
    sent: () => undefined,
    received() {
      this.parts += 1;
    },
  };
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("<a>");
  throw new Error("socket hang up");
}

describe("the text of a page", () => {
  test("is read part by part, and each is told as progress", async () => {
    const request = countingRequest();
    const parts = ["<a>", "ü".repeat(1_000), "</a>"].map((text) => Buffer.from(text));
    // A character may be cut.
    const cut = [parts[0], parts[1]?.subarray(0, 3), parts[1]?.subarray(3), parts[2]];
    const response = { statusCode: 200, headers: {}, body: Readable.from(cut) };
    await expect(readText(response, request)).resolves.toBe(`<a>${"ü".repeat(1_000)}</a>`);
    expect(request.parts).toBe(4);
  });

  test("is left to the SDK where the status is another", async () => {
    const response = { statusCode: 503, headers: {}, body: Readable.from(["busy"]) };
    await expect(readText(response, countingRequest())).resolves.toBeUndefined();
  });

  test("is read no further than 32 MiB", async () => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      for (;;) {
        given += 1;
        yield new Uint8Array(2 ** 20);
      }
    }
    const body = Readable.from(endless());
    const response = { statusCode: 200, headers: {}, body };
    await expect(readText(response, countingRequest())).rejects.toThrow("longer than 33554432 bytes");
    expect(given).toBeLessThan(64);
    expect(body.destroyed).toBe(true);
  });

  test("that breaks off is an error", async () => {
    const response = { statusCode: 200, headers: {}, body: Readable.from(broken()) };
    await expect(readText(response, countingRequest())).rejects.toThrow("socket hang up");
  });
});
