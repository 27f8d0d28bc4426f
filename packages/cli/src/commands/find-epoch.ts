import type { ObjectStoreBackend, SealedEpoch } from "@state/core";
import { integerOf } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

/** The epoch that an operand names: `latest`, `pin:NAME`, or a number. @throws `UsageError` */
export async function numberOf(
  backend: ObjectStoreBackend,
  operand: string,
  signal: AbortSignal,
): Promise<number> {
  const named = await sealedByName(backend, operand, signal);
  return named?.epoch ?? integerOf("EPOCH", operand);
}

/** The sealed epoch that it names. @throws `UsageError` if it has no seal */
export async function findSealed(
  backend: ObjectStoreBackend,
  operand: string,
  signal: AbortSignal,
): Promise<SealedEpoch> {
  const sealed =
    (await sealedByName(backend, operand, signal)) ??
    (await backend.sealed(integerOf("EPOCH", operand), { signal }));
  if (sealed === undefined) throw new UsageError(`epoch ${operand} has no seal`);
  return sealed;
}

/** `undefined` if it is a number. */
async function sealedByName(
  backend: ObjectStoreBackend,
  operand: string,
  signal: AbortSignal,
): Promise<SealedEpoch | undefined> {
  if (operand.startsWith("pin:")) return backend.openPin(operand.slice("pin:".length), { signal });
  if (operand !== "latest") return undefined;
  const sealed = await backend.latest({ signal });
  if (sealed === undefined) throw new UsageError("nothing was ever sealed");
  return sealed;
}
