import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import type { ListPage } from "@state/core";
import { type ListingRequest, pageReader, type StoreCall, storeError } from "@state/core/adapter";

/** One listing, with a request for each page. */
export class Listing {
  readonly #fields: { readonly Bucket: string; readonly Prefix: string; readonly Delimiter?: string };
  readonly #call: StoreCall;
  readonly #read: ReturnType<typeof pageReader>;
  #token: string | undefined;

  /** @param fields what every request of the store has */
  constructor(bucket: string, request: ListingRequest, fields: object) {
    const { root, prefix, delimiter, call } = request;
    const delimited = delimiter === undefined ? {} : { Delimiter: delimiter };
    this.#fields = { ...fields, Bucket: bucket, Prefix: root + prefix, ...delimited };
    this.#call = call;
    this.#read = pageReader(request);
  }

  /**
   * The request for the next page. It sets no `EncodingType`: with one, the SDK would return the
   * keys encoded.
   */
  command(): ListObjectsV2Command {
    const token = this.#token === undefined ? {} : { ContinuationToken: this.#token };
    return new ListObjectsV2Command({ ...this.#fields, ...token });
  }

  /** The page in a response, and whether it is the last one. */
  read(response: ListObjectsV2CommandOutput): { readonly page: ListPage; readonly isLast: boolean } {
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
