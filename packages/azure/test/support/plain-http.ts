import { Readable } from "node:stream";
import { RestError, type StoragePipelineOptions } from "@azure/storage-blob";

/**
 * Sends by plain HTTP, though the address has HTTPS: without it the SDK asks for no token.
 */
export const plainHttp: NonNullable<StoragePipelineOptions["httpClient"]> = {
  sendRequest: async (request) => {
    const { method, url, headers } = request;
    const body: unknown = request.body;
    try {
      const response = await fetch(url.replace("https:", "http:"), {
        method,
        headers: headers.headersArray().map(({ name, value }) => [name, value]),
        ...(typeof body === "string" || Buffer.isBuffer(body)
          ? { body: new Uint8Array(Buffer.from(body)) }
          : {}),
      });
      const received = headers.clone();
      for (const { name } of headers.headersArray()) received.remove(name);
      for (const [name, value] of response.headers) received.set(name, value);
      const bytes = Buffer.from(await response.arrayBuffer());
      const isStreamed = request.streamResponseStatusCodes?.has(Number.POSITIVE_INFINITY) === true;
      return {
        request,
        headers: received,
        status: response.status,
        ...(isStreamed
          ? { readableStreamBody: Readable.from([bytes], { objectMode: false }) }
          : { bodyAsText: bytes.toString() }),
      };
    } catch (cause) {
      throw Object.assign(new RestError("socket hang up", { code: "ECONNRESET" }), { request, cause });
    }
  },
};
