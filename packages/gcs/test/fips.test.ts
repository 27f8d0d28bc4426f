import type Crypto from "node:crypto";
import { text as textOf } from "node:stream/consumers";
import { CRC32C } from "@google-cloud/storage";
import { storeErrorOf } from "@state/servers/testing";
import { expect, test, vi } from "vitest";
import { scriptedServer } from "./support/scripted-server.ts";

vi.mock("node:crypto", async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  return {
    ...crypto,
    createHash: (name: string) => {
      if (name === "md5") throw new Error("error:0308010C:digital envelope routines::unsupported");
      return crypto.createHash(name);
    },
  };
});

const hello = new TextEncoder().encode("hello");
const crc32c = "mnG7TA==";

test("without MD5 a create is checked by its CRC32C", async () => {
  const sent: string[] = [];
  await using server = await scriptedServer((request, response) => {
    void textOf(request).then((body) => {
      sent.push(body);
      return response.end(JSON.stringify({ name: "job/a", crc32c }));
    });
  });
  expect(await server.store().create("a", hello)).toBe("created");
  expect(server.requests[0]).toContain("fields=name%2Ccrc32c");
  const metadata = { name: "job/a", crc32c, contentType: "application/octet-stream" };
  expect(sent[0]?.split("\r\n")).toContain(JSON.stringify(metadata));
});

test("without MD5 a create of several slices has the CRC32C of all of them", async () => {
  const body = new Uint8Array(1_000_000).map((_, index) => index % 251);
  const whole = new CRC32C();
  whole.update(Buffer.from(body));
  const sent: (string | undefined)[] = [];
  await using server = await scriptedServer((request, response) => {
    void textOf(request).then((text) => {
      sent.push(/"crc32c":"([^"]+)"/.exec(text)?.[1]);
      return response.writeHead(503).end();
    });
  });
  await storeErrorOf(server.store().create("a", body));
  expect(sent).toEqual([whole.toString()]);
});

test("without MD5 a get is checked by its CRC32C, also where the service has both", async () => {
  const bodies = ["hello", "hellp"].values();
  await using server = await scriptedServer((_, response) => {
    response.writeHead(200, { "x-goog-hash": `crc32c=${crc32c},md5=XUFAKrxLKna5cZ2REBfFkg==` });
    response.end(bodies.next().value);
  });
  const store = server.store();
  expect(await store.get("a")).toEqual(hello);
  expect(await storeErrorOf(store.get("a"))).toMatchObject({
    code: "Corrupt",
    message: expect.stringContaining("crc32c"),
  });
});
