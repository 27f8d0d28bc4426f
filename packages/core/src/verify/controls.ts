/** `_control/`: whether each object says what its name does. */
import { controlPrefix, namespaceKey, parseControlKey } from "../layout.ts";
import { decodeJson, isSha256 } from "../json.ts";
import { checkNamespace } from "../calls/open.ts";
import { isStateError } from "../errors.ts";
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
      return finding("namespace-damaged", message, { key, bytes });
    }
  }
  if (saysItsName(key, decodeJson(body))) return undefined;
  const message = `${key} does not say what its name does: the name is what counts, and who made it is lost`;
  return finding("control-damaged", message, { key, bytes });
}

function saysItsName(key: string, record: Readonly<Record<string, unknown>> | undefined): boolean {
  const object = parseControlKey(key);
  if (record?.["format"] !== 1 || object === undefined) return false;
  if ("value" in object) return record[object.kind === "fence" ? "version" : "floor"] === object.value;
  if (object.kind === "namespace") return true;
  if (object.kind === "pin") return record["epoch"] === object.epoch && record["name"] === object.name;
  return record["epoch"] === object.epoch && isSha256(record["sha256"]) && key.endsWith(record["sha256"]);
}
