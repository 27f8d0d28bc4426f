import type * as Crypto from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { created, scriptedServer } from "./support/scripted-server.ts";

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof Crypto>();
  return {
    ...crypto,
    createHash: (algorithm: string) => {
      if (algorithm !== "md5") return crypto.createHash(algorithm);
      // As Node says it in FIPS mode.
      throw Object.assign(new Error("error:0308010C:digital envelope routines::unsupported"), {
        code: "ERR_OSSL_EVP_UNSUPPORTED",
      });
    },
  };
});

describe("in FIPS mode, where Node has no MD5", () => {
  test.each<readonly [string, (store: AzureStore) => Promise<unknown>]>([
    ["create", (store) => store.create("a", Buffer.from("body"))],
    ["get", (store) => store.get("a")],
  ])("a %s is Misconfigured, says why, and sends nothing", async (_, call) => {
    await using server = await scriptedServer(created);
    const store = new AzureStore({ container: server.container() });
    await expect(call(store)).rejects.toMatchObject({
      code: "Misconfigured",
      message: expect.stringContaining("Node's FIPS mode has no MD5"),
    });
    expect(server.connections).toBe(0);
  });
});
