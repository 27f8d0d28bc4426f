/** `_control/`: whether each object says what its name does. */
import { controlPrefix, namespaceKey, parseControlKey } from "../layout.ts";
import { decodeJson, isSha256 } from "../json.ts";
import { checkNamespace } from "../calls/open.ts";
import { isStateError, type StateErrorCode } from "../errors.ts";
import { nextSteps } from "../next-steps.ts";
import type { Namespace } from "../namespace.ts";
import { type Finding, finding } from "./finding.ts";

/** Reads every object of `_control/`. Whether the namespace object has to be there its epochs tell. */
export async function* controlFindings(
  namespace: Namespace,
  signal: AbortSignal | undefined,
): AsyncGenerator<Finding, void, undefined> {
  const { client } = namespace;
  for await (const { objects } of client.list(controlPrefix, { signal })) {
    const found = await namespace.map(objects, async ({ key, size }) => {
      const object = parseControlKey(key);
      if (object === undefined) {
        const message = `${key} is not one of the protocol's: nothing reads it`;
        return finding("foreign", message, { key, bytes: size });
      }
      // If a prune has deleted it since it was listed, higher ones have taken its place.
      const body = await client.get(key, client.operation(signal));
      return body === undefined ? undefined : damageOf(key, body);
    });
    yield* found.filter((each) => each !== undefined);
  }
}

function damageOf(key: string, body: Uint8Array): Finding | undefined {
  const bytes = body.length;
  if (key === namespaceKey) {
    try {
      checkNamespace(body, undefined);
      return undefined;
    } catch (error) {
      if (!isStateError(error)) throw error;
      const message = `${namespaceKey} cannot be read, so that nobody opens the namespace to write`;
      return finding("namespace-damaged", message, { key, bytes, ...unlessOfLaterVersion(error.code) });
    }
  }
  const record = decodeJson(body);
  if (saysItsName(key, record)) return undefined;
  const isLater = Number.isSafeInteger(record?.["format"]) && record?.["format"] !== 1;
  const message = isLater
    ? `${key} is of a later version of this library: its name is what counts here`
    : `${key} does not say what its name does: the name is what counts, and who made it is lost`;
  const about = unlessOfLaterVersion(isLater ? "UnknownFormat" : "Corrupt");
  return finding("control-damaged", message, { key, bytes, ...about });
}

/** What a later version has written is not damaged, and must not be deleted. */
function unlessOfLaterVersion(code: StateErrorCode): { readonly next?: string } {
  return code === "UnknownFormat" ? { next: nextSteps.UnknownFormat } : {};
}

function saysItsName(key: string, record: Readonly<Record<string, unknown>> | undefined): boolean {
  const object = parseControlKey(key);
  if (record?.["format"] !== 1 || object === undefined) return false;
  if ("value" in object) return record[object.kind === "fence" ? "version" : "floor"] === object.value;
  if (object.kind === "namespace") return true;
  if (object.kind === "pin") return record["epoch"] === object.epoch && record["name"] === object.name;
  return record["epoch"] === object.epoch && isSha256(record["sha256"]) && key.endsWith(record["sha256"]);
}
