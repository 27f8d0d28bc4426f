import { isStateError, ObjectStoreBackend } from "@state/core";
import { MemoryStore } from "@state/memory";
import { type CodecsReport, reportOfCodecs } from "./codecs.ts";

/** The result of the scenario: the same on every runtime. */
export interface Report {
  /** The digest of "abc", which is known: this runtime's WebCrypto was called rightly. */
  readonly digest: string;
  readonly restored: readonly string[];
  readonly attachment: string;
  readonly unchangedKey: string;
  readonly deposed: string;
  readonly sealed: readonly number[];
  readonly pruned: { readonly floor: number; readonly epochs: number; readonly objects: number };
  readonly readAfterPrune: readonly string[];
  readonly prunedRead: string;
  readonly aborted: string;
  readonly keys: readonly string[];
  readonly events: readonly string[];
  readonly codecs: CodecsReport;
}

/** Three epochs, the later two incremental; a change of leaders; a prune that keeps what the newest seal needs. */
export async function scenario(): Promise<Report> {
  const store = new MemoryStore();
  const events = new Set<string>();
  const open = (instanceId: string): Promise<ObjectStoreBackend> =>
    ObjectStoreBackend.open({
      store,
      instanceId,
      vnodeCapacity: 2,
      onEvent: (event) => {
        if (event.type === "request") events.add(event.operation);
        if (event.type === "decision") events.add(event.decision);
      },
    });

  const first = await open("first");
  await first.takeover({ version: 1 });
  const known = await write(first, { epoch: 1, vnode: 0, assignmentVersion: 1 }, "abc");
  const kept = await write(first, { epoch: 1, vnode: 1, assignmentVersion: 1 }, "kept");
  await first.epochComplete({ epoch: 1, parts: [known, kept] });

  const changed = await write(first, { epoch: 2, vnode: 0, assignmentVersion: 1 }, "abcd");
  const attachment = await first.writeAttachment({
    epoch: 2,
    name: "offsets",
    assignmentVersion: 1,
    bytes: bytesOf("offset 7"),
  });
  await first.epochComplete({ epoch: 2, parts: [changed], unchanged: [1], attachments: [attachment] });

  const second = await open("second");
  const { base, nextEpoch } = await second.takeover({ version: 2 });
  const restored = [textOf(await base?.read(0)), textOf(await base?.read(1))];
  const offsets = textOf(await base?.readAttachment("offsets"));
  const deposed = await refusal(() =>
    first.epochComplete({ epoch: nextEpoch, parts: [], unchanged: [0, 1] }),
  );

  await write(second, { epoch: nextEpoch, vnode: 0, assignmentVersion: 2 }, "abcde");
  await second.epochComplete({ epoch: nextEpoch, parts: [0], unchanged: [1] });
  const sealed = await second.sealedEpochs();
  const { floor, epochs, objects } = await second.pruneBefore(nextEpoch);
  const latest = await second.latest();

  const report: Report = {
    digest: known.sha256,
    restored,
    attachment: offsets,
    unchangedKey: base?.seal.partials[1]?.key ?? "none",
    deposed,
    sealed,
    pruned: { floor, epochs, objects },
    readAfterPrune: [textOf(await latest?.read(0)), textOf(await latest?.read(1))],
    prunedRead: await refusal(() => second.readPartial({ epoch: 2, vnode: 0 })),
    aborted: await refusal(() => second.latest({ signal: AbortSignal.abort(new Error("enough")) })),
    keys: await keysOf(store),
    events: [...events].toSorted(),
    codecs: await reportOfCodecs(),
  };
  await first.close();
  await second.close();
  return report;
}

function write(
  backend: ObjectStoreBackend,
  where: { readonly epoch: number; readonly vnode: number; readonly assignmentVersion: number },
  text: string,
): ReturnType<ObjectStoreBackend["writePartial"]> {
  return backend.writePartial({ ...where, bytes: bytesOf(text) });
}

async function refusal(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "no refusal";
  } catch (error) {
    return isStateError(error) ? error.code : String(error);
  }
}

async function keysOf(store: MemoryStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list("")) keys.push(...page.objects.map(({ key }) => key));
  return keys;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "nothing" : new TextDecoder().decode(bytes);
}
