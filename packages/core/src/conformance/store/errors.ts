import { isStoreError } from "../../errors.ts";
import { expect, short } from "./case.ts";
import type { StoreCase } from "./case.ts";
import { settled, utf8 } from "./operations.ts";

export const errorCases: readonly StoreCase[] = [
  {
    id: "errors.store-error",
    title: "each operation rejects with a StoreError that has a message and is not retryable for a bad key",
    family: "errors",
    must: "E1",
    timeoutMs: short,
    async run({ store }) {
      const rejections = {
        create: await settled(store.create("a//b", utf8("body"))),
        get: await settled(store.get("a//b")),
        list: await settled(store.list("a//")[Symbol.asyncIterator]().next()),
        delete: await settled(store.delete(["a//b"])),
      };
      for (const [operation, result] of Object.entries(rejections)) {
        const error = result.rejected ? result.reason : undefined;
        expect(
          isStoreError(error) && error instanceof Error,
          `${operation} rejected with ${String(error)}`,
          "an error class of the adapter's own, or the client's error let through",
        );
        expect(
          error.message !== "" && !error.retryable,
          `the error of ${operation} has the message "${error.message}" and retryable ${error.retryable}`,
          "a StoreError put together by hand",
        );
      }
    },
  },
];
