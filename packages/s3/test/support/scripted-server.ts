import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { respondWith, type Script, type ScriptedServer, startScriptedServer } from "@state/servers/testing";
import { S3Store, type S3StoreOptions } from "../../src/index.ts";

export const credentials = {
  accessKeyId: "AKIASCRIPTED",
  secretAccessKey: "the-secret-access-key",
  sessionToken: "the-session-token",
} as const;

/** A server that a store and a client can be made for. */
export interface S3Server extends ScriptedServer {
  store(options?: Partial<S3StoreOptions>): S3Store;
  config(): S3ClientConfig;
}

export async function scriptedServer(script: Script): Promise<S3Server> {
  const server = await startScriptedServer(script);
  const { endpoint } = server;
  const config = (): S3ClientConfig => ({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  return {
    ...server,
    config,
    store: (options = {}) =>
      new S3Store({
        bucket: "bucket",
        prefix: "job",
        ...(options.client === undefined ? { clientConfig: config() } : {}),
        ...options,
      }),
  };
}

export function errorResponse(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return respondWith(status, errorBody(code), { "content-type": "application/xml", ...headers });
}

/** @param said the message, or an element in its place */
export function errorBody(code: string, said = `what ${code} says`): string {
  const message = said.startsWith("<") ? said : `<Message>${said}</Message>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>${message}<RequestId>1</RequestId></Error>`;
}

export function listBody(keys: readonly string[], more = "<IsTruncated>false</IsTruncated>"): string {
  const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${more}${contents}</ListBucketResult>`;
}
