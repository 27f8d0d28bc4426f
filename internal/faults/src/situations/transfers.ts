import type { ObjectStore } from "@state/core";
import { type Line, startLine, storeErrorOf } from "@state/servers/testing";
import { azure } from "../azure.ts";
import { gcs } from "../gcs.ts";
import { s3 } from "../s3.ts";
import type { Kind, Situation } from "./situation.ts";

const mebibyte = 2 ** 20;
/** More than any response of a server on loopback needs, also on a busy machine. */
const idleTimeoutMs = 3_000;
const services = { s3, gcs, azure };

/** Gives `work` a store at the end of a line, which passes so many bytes a millisecond. */
function onLine(
  bytesPerMs: number | undefined,
  work: (store: ObjectStore, line: Line) => Promise<string>,
): Situation["meet"] {
  return async ({ name, directRequests }) => {
    const target = await services[name].start();
    try {
      await using line = await startLine(target.endpoint, bytesPerMs);
      const store = target.open(line.endpoint, crypto.randomUUID(), idleTimeoutMs, directRequests);
      const outcome = await work(store, line);
      await store.close?.();
      return outcome;
    } finally {
      await target.stop();
    }
  };
}

async function silentHalfWay(line: Line, transfer: () => Promise<unknown>): Promise<string> {
  line.fallSilentAfter(mebibyte / 4);
  return (await storeErrorOf(transfer())).code;
}

export const transfers: Kind = {
  title: "Slow and silent connections, with an idle time-out of 3 s",
  situations: [
    {
      title: "4 MiB in 8 s, and back in 8 s",
      outcome: "created, the bytes",
      meet: onLine(mebibyte / 2 / 1_000, async (store) => {
        const body = new Uint8Array(4 * mebibyte).map((_, index) => index % 251);
        const created = await store.create("a/1", body);
        const read = await store.get("a/1");
        return `${created}, ${read !== undefined && Buffer.compare(read, body) === 0 ? "the bytes" : "others"}`;
      }),
    },
    {
      title: "an upload that stands still half way",
      outcome: "Unavailable",
      meet: onLine(mebibyte / 1_000, (store, line) =>
        silentHalfWay(line, () => store.create("a/1", new Uint8Array(mebibyte / 2))),
      ),
    },
    {
      title: "a download that stands still half way",
      outcome: "Unavailable",
      meet: onLine(mebibyte / 1_000, async (store, line) => {
        await store.create("a/1", new Uint8Array(mebibyte / 2));
        return silentHalfWay(line, () => store.get("a/1"));
      }),
    },
    {
      title: "24 connections have fallen silent, new ones work: nine gets one after another",
      outcome: "Unavailable once, then 8 read",
      meet: onLine(undefined, async (store, line) => {
        await store.create("a/1", new Uint8Array([1]));
        // Held together on the line, so that each has a connection of its own.
        line.hold();
        const reading = Array.from({ length: 24 }, () => store.get("a/1"));
        await line.connected(24);
        line.release();
        await Promise.all(reading);
        line.fallSilent();
        const { code } = await storeErrorOf(store.get("a/1"));
        let read = 0;
        for (let call = 0; call < 8; call += 1) if ((await store.get("a/1"))?.[0] === 1) read += 1;
        return `${code} once, then ${read} read`;
      }),
    },
  ],
};
