import type * as Sdk from "@aws-sdk/client-s3";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { digestsOf } from "../../src/body.ts";
import { derivedClient } from "../../src/client.ts";
import { bufferOf, Commands, type Kind, queryOf } from "../../src/commands.ts";
import { deleteBody } from "../../src/direct/pages.ts";
import { capture, differencesOf, probe, type Sample } from "../../src/direct/probe.ts";
import { snapshotOf } from "../../src/given-client.ts";
import type { S3StoreOptions } from "../../src/index.ts";
import { settingsOf } from "../../src/options.ts";

const kinds: readonly Kind[] = ["create", "get", "list", "delete"];

/** Makes `count` requests of each kind and compares each with the SDK's own: all headers, and the signature. */
export async function compareRequests(
  client: S3Client,
  commands: Commands,
  count: number,
  compared: readonly Kind[] = kinds,
): Promise<void> {
  const random = numbersFrom(7);
  for (const kind of compared) {
    const template = await probe(client, await samplesOf(commands, kind));
    for (let number = 0; number < count; number++) {
      const { input, command } = await anyRequest(commands, kind, random);
      const sent = await capture(client, command);
      const { "x-amz-date": date = "", "amz-sdk-invocation-id": invocationId = "" } = sent.headers;
      const credentials = await client.config.credentials();
      expect(differencesOf(template.request(input, { credentials, date, invocationId }), sent)).toEqual([]);
    }
  }
}

/** The client of a store, and its requests. */
export async function clientOf(
  sdk: typeof Sdk,
  config: S3ClientConfig,
  options: Partial<S3StoreOptions>,
): Promise<{ readonly client: S3Client; readonly commands: Commands }> {
  const settingsOfStore = settingsOf({ bucket: "bucket", ...options });
  const { client } = await derivedClient(snapshotOf(new sdk.S3Client(config))).connect(sdk);
  return { client, commands: new Commands(sdk, client, settingsOfStore) };
}

export async function samplesOf(commands: Commands, kind: Kind): Promise<readonly [Sample, Sample]> {
  return [await commands.sample(kind, "1"), await commands.sample(kind, "two")];
}

/** What keys may hold, and what else prefixes and tokens may. */
const keyChars = Array.from("abcXYZ019=_.-");
const nameChars = [...keyChars, ...Array.from(` +%&'"<>!*()~;:@$,?#[]{}|^\`\\üñ漢😀/`)];

async function anyRequest(
  commands: Commands,
  kind: Kind,
  random: (limit: number) => number,
): Promise<Sample> {
  const text = (chars: readonly string[], length: number): string =>
    Array.from({ length: 1 + random(length) }, () => chars[random(chars.length)]).join("");
  const name = (): string => `${text(nameChars, 30)}/${text(keyChars, 40)}`;
  if (kind === "get") {
    const key = name();
    return { input: { name: key }, command: commands.get(key) };
  }
  if (kind === "list") {
    const delimiter = random(2) === 0 ? undefined : "/";
    const query = {
      prefix: name(),
      delimiter,
      token: random(2) === 0 ? undefined : text(nameChars, 60),
    } as const;
    return { input: { query: queryOf(query) }, command: commands.list(query) };
  }
  if (kind === "create") {
    const key = name();
    const body = bufferOf(new TextEncoder().encode(text(nameChars, 5_000)));
    const digests = await digestsOf(body, {});
    return { input: { name: key, body, digests }, command: await commands.create(key, body, digests) };
  }
  const names = Array.from({ length: 1 + random(20) }, name);
  const body = deleteBody(names);
  return { input: { body, digests: await digestsOf(body, {}) }, command: commands.deleteMany(names) };
}

/** The same numbers from the same seed, below a limit: mulberry32. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
