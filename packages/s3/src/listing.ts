import type { ListPage } from "@state/core";
import { type ListingRequest, pageReader, type StoreCall, storeError } from "@state/core/adapter";
import { type ListQuery, queryOf } from "./commands.ts";
import { type ListOutput, readListing } from "./direct/pages.ts";
import type { S3Request } from "./request.ts";
import { readText } from "./wire.ts";

/** One listing, with a request for each page. */
export class Listing {
  readonly #request: ListingRequest;
  readonly #call: StoreCall;
  readonly #read: ReturnType<typeof pageReader>;
  #token: string | undefined;

  constructor(request: ListingRequest) {
    this.#request = request;
    this.#call = request.call;
    this.#read = pageReader(request);
  }

  /** Asks for the next page. */
  async next(request: S3Request): Promise<{ readonly page: ListPage; readonly isLast: boolean }> {
    const { root, prefix, delimiter } = this.#request;
    const query: ListQuery = { prefix: root + prefix, delimiter, token: this.#token };
    const response = await request.direct("list", { query: queryOf(query) });
    const text = response === undefined ? undefined : await readText(response, request);
    const output = text === undefined ? undefined : readListing(text);
    return this.#pageOf(output ?? (await request.send(request.commands.list(query))));
  }

  /** The page in a response, and whether it is the last one. */
  #pageOf(response: ListOutput): { readonly page: ListPage; readonly isLast: boolean } {
    const { IsTruncated: isTruncated, EncodingType: encoding, NextContinuationToken: token } = response;
    // The SDK reads a response without a body as `{}`, which would be an empty listing.
    if (isTruncated === undefined) throw this.#unreadable("the response does not say whether it is the last");
    if (isTruncated && token === undefined)
      throw this.#unreadable("a page that is not the last does not say where the next begins");
    if (encoding !== undefined) {
      const why = "the keys are encoded, though the request did not ask for it";
      throw storeError(this.#call, { code: "Failed" }, why);
    }
    const page = this.#read({
      objects: (response.Contents ?? []).map(({ Key: name, Size: size }) => ({
        name: this.#name(name),
        size,
      })),
      prefixes: (response.CommonPrefixes ?? []).map(({ Prefix: name }) => this.#name(name)),
      next: isTruncated ? token : undefined,
    });
    this.#token = token;
    return { page, isLast: !isTruncated };
  }

  #name(name: string | undefined): string {
    if (name === undefined) throw this.#unreadable("a key is missing");
    return name;
  }

  #unreadable(why: string): Error {
    return storeError(this.#call, { code: "Unavailable" }, why);
  }
}
