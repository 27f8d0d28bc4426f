import { inspect } from "node:util";
import { type BackendEvent, ObjectStoreBackend } from "@state/core";
import { describe, expect, test } from "vitest";
import { operationNames, operations, rejectionOf } from "./support/operations.ts";
import { answer, credentials, type Script, scriptedServer } from "./support/scripted-server.ts";

/** Answers as S3 does to a signature or a token that is wrong: with what it was sent. */
function echo(status: number, code: string): Script {
  return (request, response, number) => {
    const authorization = request.headers.authorization ?? "";
    const token = String(request.headers["x-amz-security-token"]);
    const body = `<Error><Code>${code}</Code><Message>what ${code} says</Message><AWSAccessKeyId>${credentials.accessKeyId}</AWSAccessKeyId>
      <StringToSign>AWS4-HMAC-SHA256 ${authorization}</StringToSign><SignatureProvided>${signatureOf(authorization)}</SignatureProvided>
      <CanonicalRequest>x-amz-security-token:${token}</CanonicalRequest><Token-0>${token}</Token-0></Error>`;
    answer(status, body)(request, response, number);
  };
}

function signatureOf(authorization: string): string {
  return /Signature=([0-9a-f]{64})/.exec(authorization)?.[1] ?? "none";
}

describe("no secret", () => {
  test.each([
    [403, "SignatureDoesNotMatch"],
    [400, "ExpiredToken"],
    [400, "InvalidToken"],
    [503, "SlowDown"],
    [418, "Whatever"],
  ])("is in an error that comes of %i %s, nor in its causes, nor in an event", async (status, code) => {
    await using server = await scriptedServer(echo(status, code));
    const store = server.store();
    const seen: unknown[] = [store];
    for (const name of operationNames) seen.push(await rejectionOf(operations[name](store)));
    const onEvent = (event: BackendEvent): void => {
      seen.push(event);
    };
    seen.push(
      await rejectionOf(
        ObjectStoreBackend.open({
          store,
          instanceId: "a",
          vnodeCapacity: 1,
          retry: { attempts: 1 },
          onEvent,
        }),
      ),
    );
    const printed = seen.map((each) => inspect(each, { depth: Infinity }) + JSON.stringify(each)).join("\n");
    expect(printed).toContain(code);
    const signatures = server.headers.map(({ authorization = "" }) => signatureOf(authorization));
    expect(signatures).not.toContain("none");
    for (const secret of [credentials.secretAccessKey, credentials.sessionToken, ...signatures]) {
      expect(printed).not.toContain(secret);
    }
    expect(server.headers[0]).toHaveProperty("x-amz-security-token", credentials.sessionToken);
  });

  test("is in an error of the network", async () => {
    await using server = await scriptedServer((request) => request.socket.destroy());
    for (const name of operationNames) {
      const error = await rejectionOf(operations[name](server.store()));
      const printed = inspect(error, { depth: Infinity });
      expect(printed).toContain("Unavailable");
      expect(printed).not.toContain(credentials.secretAccessKey);
      expect(printed).not.toContain(credentials.sessionToken);
    }
  });
});
