/** A process of the stress: makes the calls that its parent sends, many at once, and sends back what they came to. */
import { once } from "node:events";
import { isStateError, ObjectStoreBackend, type PartialReceipt, type SealedEpoch } from "@state/core";
import {
  type Call,
  type Read,
  type Refusal,
  type Request,
  type Response,
  type Restored,
  textOf,
  type Values,
  vnodeCapacity,
} from "./messages.ts";
import { openStore, type Place } from "./place.ts";

const [place] = (await once(process, "message")) as [Place];
const store = await openStore(place);
const backends = new Map<string, Promise<ObjectStoreBackend>>();

/** By backend: what `takeover` or `latest` has given it last, whose chunks it uses again. */
const bases = new Map<string, SealedEpoch>();

function open({ backend, readOnly }: Request): Promise<ObjectStoreBackend> {
  const known = backends.get(backend);
  if (known !== undefined) return known;
  const opening = ObjectStoreBackend.open({
    store,
    instanceId: backend,
    vnodeCapacity,
    readOnly,
    chunkBytes,
  });
  backends.set(backend, opening);
  return opening;
}

function refusalOf(error: unknown): Refusal {
  if (isStateError(error)) return { code: error.code, sealed: error.sealed, message: error.message };
  return { message: String(error) };
}

async function readOf(sealed: SealedEpoch, vnode: number): Promise<Read> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of sealed.stream(vnode) ?? []) pieces.push(piece);
    return { text: pieces.length === 0 ? undefined : textIn(vnode, Buffer.concat(pieces)) };
  } catch (error) {
    return { error: refusalOf(error) };
  }
}

async function restoredOf(sealed: SealedEpoch, vnode: number): Promise<Restored> {
  return { epoch: sealed.epoch, committer: sealed.committer, ...(await readOf(sealed, vnode)) };
}

/** Makes the call, and says what it returned in a form that can be sent. */
async function perform(backend: ObjectStoreBackend, call: Call): Promise<Values[Call["name"]]> {
  if (call.name === "takeover") {
    const { base, nextEpoch } = await backend.takeover({ version: call.version });
    remember(backend, base);
    return { base: base === undefined ? undefined : await restoredOf(base, 0), nextEpoch };
  }
  if (call.name === "seal") {
    const { epoch, version, written, unchanged } = call;
    const seal = async (except: readonly string[]): Promise<boolean> => {
      const parts = await Promise.all(written.map((vnode) => write(backend, epoch, vnode, version, except)));
      return (await backend.epochComplete({ epoch, parts, unchanged })).complete;
    };
    try {
      return { complete: await seal([]) };
    } catch (error) {
      if (!isStateError(error) || error.keys === undefined) throw error;
      return { complete: await seal(error.keys) };
    }
  }
  if (call.name === "write") {
    await write(backend, call.epoch, 0, call.version);
    return undefined;
  }
  if (call.name === "prune") {
    const { floor, failedCount } = await backend.pruneBefore(call.before, { asOperator: call.asOperator });
    return { floor, failed: failedCount };
  }
  if (call.name === "abort") {
    await backend.abort(call.epoch);
    return undefined;
  }
  if (call.name === "latest") {
    const sealed = await backend.latest();
    remember(backend, sealed);
    return sealed === undefined ? undefined : restoredOf(sealed, call.vnode);
  }
  if (call.name === "sealedEpochs") {
    return backend.sealedEpochs(call.after < 0 ? {} : { after: call.after });
  }
  if (call.name === "describe") {
    const { state, missing, seal } = await backend.describeEpoch(call.epoch);
    return { state, missing, committer: seal?.committer };
  }
  const bytes = await backend.readPartial({ epoch: call.epoch, vnode: call.vnode });
  return bytes === undefined ? undefined : textIn(call.vnode, bytes);
}

/** A vnode with an odd number is a stream: a chunk that is always the same, and one with the text. */
function isStreamed(vnode: number): boolean {
  return vnode % 2 === 1;
}

const chunkBytes = 65_536;

async function* streamOf(vnode: number, text: Uint8Array): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(chunkBytes).fill(vnode);
  yield text;
}

function textIn(vnode: number, bytes: Uint8Array): string {
  return new TextDecoder().decode(isStreamed(vnode) ? bytes.subarray(chunkBytes) : bytes);
}

function remember({ instanceId }: ObjectStoreBackend, base: SealedEpoch | undefined): void {
  if (base === undefined) bases.delete(instanceId);
  else bases.set(instanceId, base);
}

function write(
  backend: ObjectStoreBackend,
  epoch: number,
  vnode: number,
  version: number,
  except: readonly string[] = [],
): Promise<PartialReceipt> {
  const bytes = new TextEncoder().encode(textOf(epoch, vnode, backend.instanceId));
  const target = { epoch, vnode, assignmentVersion: version };
  if (!isStreamed(vnode)) return backend.writePartial({ ...target, bytes });
  const base = bases.get(backend.instanceId);
  const reuse = base !== undefined && base.epoch < epoch ? base : undefined;
  return backend.writePartial({ ...target, bytes: streamOf(vnode, bytes), reuse, except });
}

async function respond(request: Request): Promise<Response> {
  const { id } = request;
  try {
    const backend = await open(request);
    const value = await perform(backend, request.call);
    return { id, value };
  } catch (error) {
    return { id, error: refusalOf(error) };
  } finally {
    if (request.last) {
      const [closing] = await Promise.allSettled([backends.get(request.backend)]);
      backends.delete(request.backend);
      if (closing?.status === "fulfilled") await closing.value?.close();
    }
  }
}

process.on("message", (request: Request) => {
  void respond(request).then((response) => process.send?.(response));
});
// The parent is gone.
process.on("disconnect", () => process.exit());
process.send?.("ready");
