import type { ObjectStoreBackend } from "../../src/backend.ts";
import type { GiveUp, OpenOptions, RecoverNamespace, RecoverOptions } from "../../src/open-options.ts";
import type { GivenUpEpoch, RecoveredNamespace, StateBackend } from "../../src/state-backend.ts";

/** What a configuration calls that needs no backend yet: the code as it is, or without one of its rules. */
export interface CodeUnderTest {
  readonly open: (options: OpenOptions) => Promise<StateBackend>;
  readonly giveUp: (options: RecoverOptions & GiveUp) => Promise<GivenUpEpoch>;
  readonly recoverNamespace: (options: RecoverOptions & RecoverNamespace) => Promise<RecoveredNamespace>;
}

export function codeOf(Backend: Pick<typeof ObjectStoreBackend, "open" | "recover">): CodeUnderTest {
  return {
    open: (options) => Backend.open(options),
    giveUp: (options) => Backend.recover(options),
    recoverNamespace: (options) => Backend.recover(options),
  };
}
