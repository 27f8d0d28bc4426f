import type { ListPage, ObjectStore, OperationOptions, StoreError } from "@state/core";
import { isStoreError } from "@state/core";

export const key = "epoch=1/part";

/** Each operation of the port, once, on `key`. */
export const operations = {
  create: (store: ObjectStore, options?: OperationOptions): Promise<unknown> =>
    store.create(key, new Uint8Array([1, 2, 3]), options),
  get: (store: ObjectStore, options?: OperationOptions): Promise<unknown> => store.get(key, options),
  list: (store: ObjectStore, options?: OperationOptions): Promise<unknown> =>
    store.list("epoch=1/", options)[Symbol.asyncIterator]().next(),
  /** Rejects with the first failure, which the port reports. */
  delete: async (store: ObjectStore, options?: OperationOptions): Promise<unknown> => {
    const [failure] = await store.delete([key], options);
    if (failure !== undefined) throw failure.error;
    return undefined;
  },
} as const;

export type OperationName = keyof typeof operations;
export const operationNames = Object.keys(operations) as readonly OperationName[];

/** The error that the promise rejects with, which has to be a `StoreError`. */
export async function storeErrorOf(promise: Promise<unknown>): Promise<StoreError> {
  const error = await rejectionOf(promise);
  if (!isStoreError(error))
    throw new Error("rejected with something else than a StoreError", { cause: error });
  return error;
}

/** The error that the promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("did not reject");
}

export async function pagesOf(pages: AsyncIterable<ListPage>): Promise<readonly ListPage[]> {
  const all: ListPage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
