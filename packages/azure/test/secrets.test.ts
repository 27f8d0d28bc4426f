import { inspect } from "node:util";
import { ContainerClient } from "@azure/storage-blob";
import { ObjectStoreBackend } from "@state/core";
import type { BackendEvent, ObjectStore } from "@state/core";
import { describe, expect, test } from "vitest";
import { AzureStore } from "../src/index.ts";
import { plainHttp } from "./support/plain-http.ts";
import { accountKey, credential, scriptedServer } from "./support/scripted-server.ts";
import type { AzureServer, Received, Script } from "./support/scripted-server.ts";

const sig = "c2lnbmF0dXJlIG9mIGEgU0FT+/w==";
const written = encodeURIComponent(sig);
const writtenSmall = written.replaceAll(/%../g, (code) => code.toLowerCase());
const token = "a-token-that-is-not-told";

const stores: readonly (readonly [string, readonly string[], (server: AzureServer) => ObjectStore])[] = [
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
    [sig, written, writtenSmall],
    ({ accountUrl }) =>
      new AzureStore({ accountUrl: `${accountUrl}?sv=1&sig=${written}`, containerName: "box" }),
  ],
  ["a client's account key", [accountKey], (server) => new AzureStore({ container: server.container() })],
  [
    "a client's SAS",
    [sig, written, writtenSmall],
    ({ accountUrl }) =>
      new AzureStore({ container: new ContainerClient(`${accountUrl}/box?sv=1&sig=${written}`) }),
  ],
  [
    "a token",
    [token],
    ({ accountUrl }) => {
      const url = `${accountUrl.replace("http:", "https:")}/box`;
      return new AzureStore({ container: new ContainerClient(url, { getToken }, { httpClient: plainHttp }) });
    },
  ],
];

/**
 * A service, or a gateway before it, that repeats all it was sent, as some do when they
 * refuse it.
 */
const echo: Script = (response, received) => {
  const said = repeated(received);
  const text = said.replaceAll(/[<&]/g, (character) => (character === "<" ? "&lt;" : "&amp;"));
  const line = said.replaceAll(/[^\x20-\x7E]/g, " ");
  response.writeHead(403, {
    "content-type": "application/xml",
    "x-ms-request-id": "the-request",
    "x-ms-error-code": `AuthenticationFailed ${line}`,
    "x-echo": line,
  });
  response.end(
    `<Error><Message>${text}</Message><AuthenticationErrorDetail>${text}</AuthenticationErrorDetail></Error>`,
  );
};

/** The same, blob by blob; a batch that cannot be taken apart is the next. */
const echoInParts: Script = (response, received) => {
  const said = repeated(received).replaceAll(/[^\x20-\x7E]/g, " ");
  response.writeHead(202, { "content-type": "multipart/mixed; boundary=part", "x-ms-request-id": "1" });
  const part = (id: number): string =>
    `--part\r\nContent-ID: ${id}\r\n\r\nHTTP/1.1 403 ${said}\r\nx-ms-error-code: ${said}\r\n\r\n${said}\r\n`;
  response.end(`${part(0)}${part(1)}--part--`);
};

const echoInTheWay: Script = (response, received) => {
  const said = repeated(received).replaceAll(/[^\x21-\x39\x3B-\x7E]/g, "|");
  response.writeHead(202, { "content-type": "multipart/mixed; boundary=part", "x-ms-request-id": "1" });
  const part = `--part\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n${said}\r\n\r\n`;
  response.end(`${part}${part}--part--`);
};

/** A gateway that has nothing of the service, and repeats in its headers and its body all that it was sent. */
function gatewayEcho(status: number): Script {
  return (response, received) => {
    const said = repeated(received);
    const line = said.replaceAll(/[^\x20-\x7E]/g, " ");
    response.writeHead(status, {
      "content-type": "text/html",
      server: line,
      "x-echo": line,
      "retry-after": line,
    });
    response.end(`<html>${said} ${JSON.stringify(received.headers)}</html>`);
  };
}

/** A page whose names, and whose marker, are what was sent. */
const echoAsNames: Script = (response, received) => {
  const text = repeated(received)
    .replaceAll(/[<&]/g, " ")
    .replaceAll(/[^\x20-\x7E]/g, " ");
  response.writeHead(200, { "content-type": "application/xml", "x-ms-request-id": "1" });
  response.end(
    `<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>${text}</Name><Properties><Content-Length>1</Content-Length></Properties></Blob></Blobs><NextMarker>${text}</NextMarker></EnumerationResults>`,
  );
};

const responses: readonly (readonly [string, Script])[] = [
  ["a refusal that repeats it", echo],
  ["parts that repeat it", echoInParts],
  ["a part that is not one", echoInTheWay],
  ["a gateway's 400 that repeats it", gatewayEcho(400)],
  ["a gateway's 403 that repeats it", gatewayEcho(403)],
  ["a gateway's 500 that repeats it", gatewayEcho(500)],
  ["names that repeat it", echoAsNames],
  ["a reset", (response) => response.socket?.resetAndDestroy()],
  [
    "what cannot be read",
    (response, { url }) => response.writeHead(200, { "content-type": "application/xml" }).end(`<a>${url}`),
  ],
  ["a failure", (response) => response.writeHead(500).end()],
];

/** How many calls fail, where some can be content. */
const fewer: ReadonlyMap<Script, number> = new Map([
  [echoInParts, 3],
  [echoInTheWay, 3],
  [echoAsNames, 6],
]);

const cases = stores.flatMap(([name, secrets, make]) =>
  responses.map(([kind, script]) => [name, kind, secrets, make, script] as const),
);

describe("no error and no event holds", () => {
  test.each(cases)("%s, when the response is %s", async (_, __, secrets, make, script) => {
    await using server = await scriptedServer(script);
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
    ].filter((error) => error !== undefined);
    expect(errors.length).toBeGreaterThanOrEqual(fewer.get(script) ?? 7);
    expect(events.length).toBeGreaterThan(0);
    const held = [store.name, ...errors, ...events].flatMap((value) => [
      inspect(value, { depth: Infinity, showHidden: true }),
      inspect(value, { depth: Infinity }),
      JSON.stringify(value),
      `${value instanceof Error ? value.stack : ""}`,
      ...textsIn(value),
    ]);
    const signatures = server.received.flatMap(signaturesOf);
    for (const secret of new Set([...secrets, ...signatures])) {
      expect(held.filter((text) => text.includes(secret))).toEqual([]);
    }
    // What is left out is only the secret.
    if (script === echo) expect(held.join("")).toMatch(/AuthenticationFailed .*\[redacted\]/);
  });
});

test("no error of a listing holds what its names repeat", async () => {
  await using server = await scriptedServer(echoAsNames);
  const store = new AzureStore({ container: server.container(), prefix: "p" });
  const error = await failureOf(store.list("").next());
  expect(error).toHaveProperty("message", expect.stringContaining("which is not under the prefix"));
  const signatures = server.received.flatMap(signaturesOf);
  expect(signatures).toHaveLength(1);
  for (const secret of [accountKey, ...signatures])
    expect(textsIn(error).filter((text) => text.includes(secret))).toEqual([]);
});

describe("a cause", () => {
  test("keeps what tells the failure, and by what the service's support finds it", async () => {
    await using server = await scriptedServer(echo);
    const store = new AzureStore({ container: server.container() });
    const { cause: refused } = (await failureOf(store.create("a", Buffer.from("body")))) as Error;
    expect(refused).toBeInstanceOf(Error);
    expect(refused).toHaveProperty("name", "RestError");
    expect(refused).toHaveProperty("statusCode", 403);
    expect(refused).toHaveProperty("code", expect.stringMatching(/^AuthenticationFailed/));
    expect(refused).toHaveProperty("requestId", "the-request");
    expect(refused).toHaveProperty("stack", expect.stringContaining("    at "));
    server.respondWith((response) => response.socket?.resetAndDestroy());
    const { cause: reset } = (await failureOf(store.get("a"))) as Error;
    expect(reset).toHaveProperty("code", "ECONNRESET");
  });

  test("that is a credential's, which names what it could not do, is kept", async () => {
    const unavailable = Object.assign(new Error("no identity here"), {
      name: "CredentialUnavailableError",
      request: { headers: { authorization: "Basic c2VjcmV0" } },
    });
    const failing = { getToken: (): Promise<never> => Promise.reject(unavailable) };
    const options = { accountUrl: "https://a.invalid", containerName: "box", credential: failing };
    const store = new AzureStore(options);
    const { cause } = (await failureOf(store.get("a"))) as Error;
    expect(cause).toMatchObject({ name: unavailable.name, message: unavailable.message });
    expect(textsIn(cause).join()).not.toContain("Basic");
  });
});

async function getToken(): Promise<{ token: string; expiresOnTimestamp: number }> {
  return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
}

/** All that was sent, and what signed it once more by itself. */
function repeated(received: Received): string {
  const { url, headers, body } = received;
  const signed = signaturesOf(received).join(" ");
  return `${accountKey} ${sig} ${written} ${writtenSmall} ${token} ${signed} ${url} ${headers.authorization ?? ""} ${body.toString("latin1")}`;
}

function signaturesOf({ headers, body }: Received): readonly string[] {
  const text = `${headers.authorization ?? ""}\n${body.toString("latin1")}`;
  return [...text.matchAll(/(?:SharedKey \w+:|Bearer )(\S+)/g)].map(([, signature = ""]) => signature);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Every text that can be reached, whatever its name, hidden or not. */
function textsIn(value: unknown, seen: Set<unknown> = new Set()): readonly string[] {
  if (typeof value === "string") return [value];
  if (Buffer.isBuffer(value)) return [value.toString("latin1"), value.toString("base64")];
  const isReference = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isReference || seen.has(value)) return [];
  seen.add(value);
  const inside = value instanceof Map || value instanceof Set ? [...value] : [];
  const properties = Reflect.ownKeys(value).map((name): unknown => Reflect.get(value, name));
  return [...inside, ...properties].flatMap((each) => textsIn(each, seen));
}
