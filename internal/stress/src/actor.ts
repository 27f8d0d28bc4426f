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

function open({ backend, readOnly }: Request): Promise<ObjectStoreBackend> {
  const known = backends.get(backend);
  if (known !== undefined) return known;
  const opening = ObjectStoreBackend.open({ store, instanceId: backend, vnodeCapacity, readOnly });
  backends.set(backend, opening);
  return opening;
}

function refusalOf(error: unknown): Refusal {
  if (isStateError(error)) return { code: error.code, sealed: error.sealed, message: error.message };
  return { message: String(error) };
}

async function readOf(sealed: SealedEpoch, vnode: number): Promise<Read> {
  try {
    const bytes = await sealed.read(vnode);
    return { text: bytes === undefined ? undefined : new TextDecoder().decode(bytes) };
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
    return { base: base === undefined ? undefined : await restoredOf(base, 0), nextEpoch };
  }
  if (call.name === "seal") {
    const { epoch, version, written, unchanged } = call;
    const parts = await Promise.all(written.map((vnode) => write(backend, epoch, vnode, version)));
    const { complete } = await backend.epochComplete({ epoch, parts, unchanged });
    return { complete };
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
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function write(
  backend: ObjectStoreBackend,
  epoch: number,
  vnode: number,
  version: number,
): Promise<PartialReceipt> {
  const bytes = new TextEncoder().encode(textOf(epoch, vnode, backend.instanceId));
  return backend.writePartial({ epoch, vnode, assignmentVersion: version, bytes });
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
