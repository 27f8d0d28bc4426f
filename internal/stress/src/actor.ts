/** A process of the stress: makes the calls that its parent sends, many at once, and sends back what they came to. */
import { isStateError, ObjectStoreBackend, type SealedEpoch } from "@state/core";
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

const store = await openStore(JSON.parse(process.argv[2] ?? "") as Place);
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

async function perform(backend: ObjectStoreBackend, call: Call): Promise<Values[Call["name"]]> {
  const write = (epoch: number, vnode: number, version: number): ReturnType<typeof backend.writePartial> =>
    backend.writePartial({
      epoch,
      vnode,
      assignmentVersion: version,
      bytes: new TextEncoder().encode(textOf(epoch, vnode, backend.instanceId)),
    });
  switch (call.name) {
    case "takeover": {
      const { base, nextEpoch } = await backend.takeover({ version: call.version });
      return { base: base === undefined ? undefined : await restoredOf(base, 0), nextEpoch };
    }
    case "seal": {
      const { epoch, version, written, unchanged } = call;
      const parts = await Promise.all(written.map((vnode) => write(epoch, vnode, version)));
      const { complete } = await backend.epochComplete({ epoch, parts, unchanged });
      return { complete };
    }
    case "write":
      await write(call.epoch, 0, call.version);
      return undefined;
    case "prune": {
      const { floor, failedCount } = await backend.pruneBefore(call.before, { asOperator: call.asOperator });
      return { floor, failed: failedCount };
    }
    case "abort":
      return backend.abort(call.epoch) as Promise<undefined>;
    case "latest": {
      const sealed = await backend.latest();
      return sealed === undefined ? undefined : restoredOf(sealed, call.vnode);
    }
    case "sealedEpochs":
      return call.after < 0 ? backend.sealedEpochs() : backend.sealedEpochs({ after: call.after });
    case "describe": {
      const { state, missing, seal } = await backend.describeEpoch(call.epoch);
      return { state, missing, committer: seal?.committer };
    }
    default: {
      const bytes = await backend.readPartial({ epoch: call.epoch, vnode: call.vnode });
      return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
    }
  }
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
process.send?.("ready");
