import { inspect } from "node:util";
import { ObjectStoreBackend } from "@state/core";
import type { BackendEvent, ObjectStore } from "@state/core";
import { describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { accountKey, credential, ScriptedServer } from "./support/scripted-server.ts";
import type { Script } from "./support/scripted-server.ts";

const sig = "c2lnbmF0dXJlIG9mIGEgU0FT+/w==";
const written = encodeURIComponent(sig);

const stores: readonly (readonly [string, readonly string[], (server: ScriptedServer) => ObjectStore])[] = [
  [
    "an account key",
    [accountKey],
    ({ accountUrl }) => new AzureStore({ accountUrl, containerName: "box", credential }),
  ],
  [
    "a connection string",
    [accountKey],
    ({ accountUrl }) =>
      new AzureStore({
        connectionString: `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${accountKey};BlobEndpoint=${accountUrl}`,
        containerName: "box",
      }),
  ],
  [
    "a SAS",
    [sig, written],
    ({ accountUrl }) =>
      new AzureStore({ accountUrl: `${accountUrl}?sv=1&sig=${written}`, containerName: "box" }),
  ],
];

/** A service that repeats all it was sent, as some do when they refuse it. */
const echo: Script = (response, { url, headers, body }) => {
  const said = `${accountKey} ${sig} ${url.replaceAll("&", "&amp;")} ${headers.authorization ?? ""} ${body.toString("latin1").replaceAll(/[<&]/g, "")}`;
  response.writeHead(403, { "content-type": "application/xml", "x-ms-error-code": "AuthenticationFailed" });
  response.end(
    `<Error><Code>AuthenticationFailed</Code><Message>${said}</Message><AuthenticationErrorDetail>${said}</AuthenticationErrorDetail></Error>`,
  );
};

const answers: readonly (readonly [string, Script])[] = [
  ["a refusal that repeats it", echo],
  ["a reset", (response) => response.socket?.resetAndDestroy()],
  [
    "what cannot be read",
    (response, { url }) => response.writeHead(200, { "content-type": "application/xml" }).end(`<a>${url}`),
  ],
  ["a failure", (response) => response.writeHead(500).end()],
];

const cases = stores.flatMap(([name, secrets, make]) =>
  answers.map(([answer, script]) => [name, answer, secrets, make, script] as const),
);

describe("no error and no event shows", () => {
  test.each(cases)("%s, when the answer is %s", async (_, __, secrets, make, script) => {
    await using server = await ScriptedServer.start(script);
    const store = make(server);
    const events: BackendEvent[] = [];
    const errors = [
      await failureOf(store.create("a", Buffer.from("body"))),
      await failureOf(store.get("a")),
      await failureOf(store.list("")[Symbol.asyncIterator]().next()),
      ...(await store.delete(["a"])),
      ...(await store.delete(["a", "b"])),
      await failureOf(
        ObjectStoreBackend.open({
          store,
          instanceId: "me",
          vnodeCapacity: 1,
          retry: { attempts: 2, sleep: () => Promise.resolve() },
          onEvent: (event) => events.push(event),
        }),
      ),
    ];
    expect(errors).toHaveLength(7);
    expect(events.length).toBeGreaterThan(0);
    const printed = [store.name, ...errors, ...events].map(
      (value) => `${inspect(value, { depth: Infinity })} ${JSON.stringify(value)} ${String(value)}`,
    );
    // The causes too, by themselves.
    for (const error of errors) printed.push(...causesOf(error));
    for (const secret of secrets) {
      expect(printed.filter((text) => text.includes(secret))).toEqual([]);
    }
    // What is left out is only the secret.
    if (script === echo) expect(printed.join("")).toContain("REDACTED");
  });
});

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error,
  );
}

function causesOf(error: unknown): string[] {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    texts.push(cause.message, String(cause.stack), JSON.stringify(cause), inspect(cause));
  }
  return texts;
}
