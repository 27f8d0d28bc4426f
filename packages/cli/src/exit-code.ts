import { isStateError, isStoreError, type StateErrorCode } from "@state/core";
import { UsageError } from "./usage-error.ts";

/** What the command's exit says to a script. */
export const exitCodes = {
  sound: 0,
  finding: 1,
  usage: 2,
  unreachable: 3,
  unknown: 4,
  refused: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byCode: { readonly [C in StateErrorCode]?: ExitCode } = {
  StoreFailed: exitCodes.unreachable,
  OutcomeUnknown: exitCodes.unknown,
  // A mistyped path looks like an empty one.
  NamespaceAbsent: exitCodes.usage,
  Corrupt: exitCodes.finding,
  PartialLost: exitCodes.finding,
  UnknownFormat: exitCodes.finding,
  ConditionIgnored: exitCodes.finding,
};

/** Of what a command failed with. `undefined`: it is a fault of this program. */
export function exitCodeOf(error: unknown): ExitCode | undefined {
  if (error instanceof UsageError) return exitCodes.usage;
  // A store that cannot create only what is absent is what `certify` is there to find.
  if (isStoreError(error)) return error.code === "Unsupported" ? exitCodes.finding : exitCodes.unreachable;
  if (isStateError(error)) return byCode[error.code] ?? exitCodes.refused;
  // Of an argument, by the store or by core.
  if (error instanceof TypeError || error instanceof RangeError) return exitCodes.usage;
  return undefined;
}
