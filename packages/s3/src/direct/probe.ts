import type { S3Client } from "@aws-sdk/client-s3";
import { fieldOf } from "@state/core/adapter";
import { type Command, stackOf } from "../commands.ts";
import { type Credentials, type RequestInput, Template, type WireRequest } from "./template.ts";

/** Two requests of a kind, in the SDK's words. */
export interface Sample {
  readonly input: RequestInput;
  readonly command: Command;
}

/** Requests of this kind go through the SDK, for this reason. */
export class Unlike extends Error {}

/**
 * Lets the SDK make two requests, which it does not send: the template is made of the first, and has to make the second one
 * as the SDK did, header by header.
 *
 * @throws `Unlike` if it does not; and whatever the SDK rejects with, if it could make none
 */
export async function probe(client: S3Client, [first, second]: readonly [Sample, Sample]): Promise<Template> {
  const template = templateOf(await capture(client, first.command), first.input);
  const sent = await capture(client, second.command);
  const own = template.request(second.input, {
    credentials: await credentialsOf(client),
    date: sent.headers["x-amz-date"] ?? "",
    invocationId: sent.headers["amz-sdk-invocation-id"] ?? "",
  });
  const differing = differencesOf(own, sent);
  if (differing.length > 0)
    throw new Unlike(`requests differ in more than what they are for: ${differing.join(", ")}`);
  return template;
}

export async function credentialsOf({ config }: S3Client): Promise<Credentials> {
  return (config.credentials as () => Promise<Credentials>)();
}

function templateOf(sent: WireRequest, input: RequestInput): Template {
  try {
    return new Template(sent, input);
  } catch (error) {
    throw new Unlike(error instanceof Error ? error.message : String(error));
  }
}

/** The request as the SDK would send it. */
export async function capture(client: S3Client, command: Command): Promise<WireRequest> {
  const captured: WireRequest[] = [];
  stackOf(command).add(
    () =>
      ({ request }) => {
        captured.push(request as WireRequest);
        return Promise.reject(new Error("the request is not to be sent"));
      },
    { step: "deserialize", priority: "low" },
  );
  try {
    await client.send(command as never);
  } catch (error) {
    if (captured[0] === undefined) throw error;
  }
  if (captured[0] === undefined) throw new Unlike("the SDK made no request");
  return captured[0];
}

/** The parts in which two requests differ: their names. What they say of the user agent is not compared. */
export function differencesOf(own: WireRequest, sent: WireRequest): readonly string[] {
  const [a, b] = [partsOf(own), partsOf(sent)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
}

function partsOf(request: WireRequest): Map<string, string> {
  const { headers, query, body, ...rest } = request;
  const { "user-agent": _agent, ...compared } = headers;
  const text = body === undefined ? "" : Buffer.from(body as Uint8Array).toString("base64");
  const entries = [...Object.entries(rest), ...Object.entries(query), ...Object.entries(compared)];
  return new Map([...entries.map(([name, value]) => [name, String(value)] as const), ["body", text]]);
}

/** By how much the service's clock is ahead of this machine's, in milliseconds, by what the SDK has seen. */
export function clockOffsetOf({ config }: S3Client): number {
  const offset = fieldOf(config, "systemClockOffset");
  return typeof offset === "number" ? offset : 0;
}
