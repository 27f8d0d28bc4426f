import { expect, test } from "vitest";
import { type Codec, type CreateOptions, ObjectStoreBackend } from "../src/index.ts";
import { sha256Hex } from "../src/sha256.ts";
import { MapStore } from "./support/map-store.ts";

/** Notes the digest that comes with each body, and the body's own. */
class NotingStore extends MapStore {
  readonly digests: Map<string, { readonly given: string | undefined; readonly own: string }> = new Map();

  override async create(
    key: string,
    body: Uint8Array,
    options?: CreateOptions,
  ): Promise<"created" | "exists"> {
    this.digests.set(key, { given: options?.sha256, own: await sha256Hex(new Uint8Array(body)) });
    return super.create(key, body, options);
  }
}

async function* source(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("a stream");
}

const inverting: Codec = {
  id: "inverting",
  encode: async (bytes) => bytes.map((byte) => byte ^ 0xff),
  decode: async (bytes) => bytes.map((byte) => byte ^ 0xff),
};

test.each([
  ["as they are", []],
  ["encoded", [inverting]],
])("a body that a receipt describes goes with its SHA-256: bytes %s", async (_how, codecs) => {
  const store = new NotingStore();
  const backend = await ObjectStoreBackend.open({ store, instanceId: "a", vnodeCapacity: 4, codecs });
  const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  const write = { epoch, assignmentVersion: 1 };
  const whole = new TextEncoder().encode("whole");
  await backend.writePartial({ ...write, vnode: 0, bytes: new Uint8Array(1) });
  const parts = [
    // Other bytes came first.
    await backend.writePartial({ ...write, vnode: 0, bytes: whole }),
    await backend.writePartial({ ...write, vnode: 1, bytes: source() }),
  ];
  const attachments = [await backend.writeAttachment({ ...write, name: "offsets", bytes: whole })];
  await backend.epochComplete({ epoch, parts, attachments });

  const described = [...store.digests].filter(([key]) => key.endsWith(".bin"));
  expect(described.map(([key]) => key.replace(/[0-9a-f]{64}/, "SHA256")).toSorted()).toEqual([
    `epoch=${epoch}/attachment/offsets/data.bin`,
    `epoch=${epoch}/vnode=0/partial.SHA256.bin`,
    `epoch=${epoch}/vnode=0/partial.bin`,
    `epoch=${epoch}/vnode=1/chunk.SHA256.bin`,
  ]);
  for (const [, { given, own }] of described) expect(given).toBe(own);
});
