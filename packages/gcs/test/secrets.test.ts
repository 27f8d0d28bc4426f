import { text as textOf } from "node:stream/consumers";
import { inspect } from "node:util";
import { type BackendEvent, ObjectStoreBackend } from "@state/core";
import { JWT } from "google-auth-library";
import { startGcsDouble } from "@state/servers";
import { operationNames, operations, rejectionOf, respondWith, type Script } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { GcsStore } from "../src/index.ts";
import {
  authClient,
  clientWithoutToken,
  errorBody,
  refreshToken,
  scriptedServer,
  storeWith,
  token,
} from "./support/scripted-server.ts";

const printed = (seen: readonly unknown[]): string =>
  seen.map((each) => inspect(each, { depth: Infinity, showHidden: true }) + JSON.stringify(each)).join("\n");

/** A service that sends back what it was sent, in JSON and as text in turn. */
function echo(status: number): Script {
  return (request, response, number) => {
    const { authorization = "" } = request.headers;
    const said = `the header was Authorization: ${authorization}`;
    const body = errorBody(status, "forbidden", said);
    respondWith(status, number % 2 === 0 ? said : body, { "x-echo": authorization })(
      request,
      response,
      number,
    );
  };
}

async function allSeen(store: GcsStore): Promise<readonly unknown[]> {
  const seen: unknown[] = [store];
  for (const name of operationNames) seen.push(await rejectionOf(operations[name](store)));
  const onEvent = (event: BackendEvent): void => {
    seen.push(event);
  };
  const opening = ObjectStoreBackend.open({
    store,
    instanceId: "a",
    vnodeCapacity: 1,
    retry: { attempts: 1 },
    onEvent,
  });
  seen.push(await rejectionOf(opening));
  return seen;
}

describe("no secret", () => {
  test.each([400, 401, 403, 418, 429, 503])(
    "is in an error that comes of a %i which sends it back, nor in its causes, nor in an event",
    async (status) => {
      await using server = await scriptedServer(echo(status));
      const text = printed(await allSeen(server.store()));
      expect(server.headers[0]).toHaveProperty("authorization", `Bearer ${token}`);
      expect(text).toContain(`responded with ${status}`);
      for (const secret of [token, refreshToken, "the-client-secret"]) expect(text).not.toContain(secret);
    },
  );

  test.each([400, 403, 500])(
    "is in an error of a gateway that sends back headers, URL and body in a %i, however the token is spelled",
    async (status) => {
      const opaque = "an+opaque/token=of~no-known.form";
      await using server = await scriptedServer((request, response) => {
        void textOf(request).then((body) => {
          const { authorization = "" } = request.headers;
          const spellings = [authorization, encodeURIComponent(authorization)].join(" ");
          return response
            .writeHead(status, {
              "x-echo": authorization,
              "set-cookie": `a=${encodeURIComponent(authorization)}`,
            })
            .end(`${spellings} ${opaque} ${encodeURIComponent(opaque)} ${request.url} ${body}`);
        });
      });
      const client = authClient();
      client.setCredentials({ access_token: opaque, refresh_token: refreshToken });
      const text = printed(await allSeen(storeWith(client, server.endpoint)));
      expect(server.headers[0]).toHaveProperty("authorization", `Bearer ${opaque}`);
      expect(text).toContain(`something on the way responded with ${status}`);
      for (const secret of [opaque, encodeURIComponent(opaque), refreshToken])
        expect(text).not.toContain(secret);
    },
  );

  test.each([
    ["the network", (request) => void request.socket.destroy()],
    [
      "a body that breaks off",
      (request, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("x", () => request.socket.destroy());
      },
    ],
  ] satisfies readonly (readonly [string, Script])[])("is in an error of %s", async (_, script) => {
    await using server = await scriptedServer(script);
    const text = printed(await allSeen(server.store()));
    expect(text).toContain("Unavailable");
    expect(text).not.toContain(token);
  });

  test("is in an error of the token endpoint, which was sent the signed assertion", async () => {
    const double = await startGcsDouble();
    let assertion = "";
    const client = new JWT({
      email: "somebody@else",
      key: double.credentials.private_key,
      scopes: ["scope"],
      transporterOptions: {
        adapter: (options, send) => {
          if (options.data instanceof URLSearchParams) assertion = options.data.get("assertion") ?? "";
          return send({ ...options, url: new URL(double.tokenUrl) });
        },
      },
    });
    const store = new GcsStore({
      bucket: "bucket",
      storageOptions: { apiEndpoint: double.endpoint, useAuthWithCustomEndpoint: true, authClient: client },
    });
    const text = printed(await allSeen(store));
    expect(text).toContain("invalid_grant");
    expect(assertion).toMatch(/^eyJ/);
    expect(text).not.toContain(assertion);
    expect(text).not.toContain("PRIVATE KEY");
    expect(double.requests).toEqual([]);
    await double.stop();
  });

  test("is in an error of a token endpoint which sends back the form it was sent", async () => {
    let form = "";
    await using tokens = await scriptedServer((request, response) => {
      void textOf(request).then((body) => {
        form = body;
        return response.writeHead(502).end(`<html>${body} ${decodeURIComponent(body)}</html>`);
      });
    });
    const seen = printed(await allSeen(storeWith(clientWithoutToken(tokens.endpoint))));
    expect(form).toContain("client_secret=the-client-secret");
    expect(seen).toContain("no credentials could be had: <html>");
    for (const secret of [refreshToken, encodeURIComponent(refreshToken), "the-client-secret"]) {
      expect(seen).not.toContain(secret);
    }
  });

  test("is in the reason that a response names", async () => {
    await using server = await scriptedServer((request, response, number) => {
      respondWith(403, errorBody(403, `not for ${request.headers.authorization}`))(request, response, number);
    });
    const seen = printed(await allSeen(server.store()));
    expect(seen).toContain("not for Bearer [redacted]");
    expect(seen).not.toContain(token);
  });

  test("is in the text of whatever else the SDK fails with", async () => {
    const client = authClient();
    const pem = "-----BEGIN PRIVATE KEY-----\nMIIEvg\n-----END PRIVATE KEY-----";
    const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl";
    const said = [
      `Bearer opaque-one and Bearer ${token} and ${token} and ${jwt} and ${pem} and ${refreshToken}`,
      '{"access_token": "opaque-two", "id_token":"opaque-three"} subject_token=opaque-four&assertion=opaque-five',
      "AIzaSyA-key GOCSPX-secret http://me:a-password@proxy:3128",
      // What is left of one that was cut.
      "eyJpc3MiOiJhIn0.eyJ",
    ].join(" ");
    client.request = () => Promise.reject(new Error(said));
    const seen = printed(await allSeen(storeWith(client)));
    expect(seen).toContain("http://[redacted]@proxy");
    expect(seen).not.toMatch(/opaque|ya29|eyJ|MIIEvg|1\/\/the|AIza|GOCSPX|a-password/);
  });
});
