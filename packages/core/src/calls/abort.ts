import { voidEpoch } from "../commit.ts";
import type { Incarnation } from "../incarnation.ts";
import type { AbortOutcome } from "../state-backend.ts";

export async function abort(
  self: Incarnation,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<AbortOutcome> {
  self.checkWritable("abort");
  const voided = await voidEpoch(self, epoch, signal);
  if (voided.state === "sealed") return { aborted: false, seal: voided.seal };
  if (voided.state === "unknown") {
    const code = voided.definite ? "StoreFailed" : "OutcomeUnknown";
    const message = `whether epoch ${epoch} is void is not known${voided.definite ? ": the store refused" : ""}: ask again`;
    throw self.refusal(code, message, { sealed: "unknown", epoch, cause: voided.cause });
  }
  // Below the floor a void says nothing: the epoch may have been sealed, released and pruned before.
  const { floor } = await self.readControl(signal);
  if (floor > epoch) throw self.pruned(epoch, floor);
  if (voided.state === "void") return { aborted: true };
  throw self.refusal("OutcomeUnknown", `the _COMMIT of epoch ${epoch} was there and is gone: ask again`, {
    sealed: "unknown",
    epoch,
  });
}
