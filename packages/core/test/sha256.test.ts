import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { turnBytes } from "../src/adapter/turn.ts";
import { ObjectStoreBackend } from "../src/index.ts";
import { sha256Hex } from "../src/sha256.ts";
import { MapStore } from "./support/map-store.ts";

function varied(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 9)) % 251);
}

const lengths = [0, 1, 65_536, turnBytes - 1, turnBytes, turnBytes + 1, 5 * turnBytes + 3];

async function expectRightDigests(sha256: typeof sha256Hex): Promise<void> {
  for (const length of lengths) {
    const bytes = varied(length + 2).subarray(1, length + 1);
    expect(await sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
}

describe("with Node's module", () => {
  test("a digest is that of all bytes, and of no other", async () => {
    const webCrypto = vi.spyOn(crypto.subtle, "digest");
    await expectRightDigests(sha256Hex);
    expect(webCrypto).not.toHaveBeenCalled();
  });

  test("the event loop turns between slices of a large body", async () => {
    let turns = 0;
    let next = setImmediate(function count() {
      turns += 1;
      next = setImmediate(count);
    });
    await sha256Hex(varied(20 * turnBytes));
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(19);
  });
});

describe("without it, as in a browser", () => {
  beforeEach(() => {
    vi.resetModules();
  });
  afterEach(() => vi.unstubAllGlobals());

  test.for([
    { where: "no process", process: undefined },
    { where: "a process without modules", process: {} },
    { where: "modules without node:crypto", process: { getBuiltinModule: () => undefined } },
  ])("WebCrypto digests: $where", async ({ process }) => {
    vi.stubGlobal("process", process);
    const { sha256Hex: fresh } = await import("../src/sha256.ts");
    const webCrypto = vi.spyOn(crypto.subtle, "digest");
    await expectRightDigests(fresh);
    expect(webCrypto).toHaveBeenCalledTimes(lengths.length);
  });
});

test("a body of many slices may be changed as soon as the call was made", async () => {
  const store = new MapStore();
  const backend = await ObjectStoreBackend.open({ store, instanceId: "A", vnodeCapacity: 2 });
  const bytes = varied(5 * turnBytes);
  const given = new Uint8Array(bytes);
  const call = backend.writePartial({ epoch: 1, vnode: 0, assignmentVersion: 1, bytes: given });
  given.fill(0);
  const part = await call;
  expect(part.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  expect(await backend.epochComplete({ epoch: 1, parts: [part] })).toMatchObject({ complete: true });
  const read = await (await backend.sealed(1))?.read(0);
  expect(Buffer.compare(read ?? given, bytes)).toBe(0);
});
