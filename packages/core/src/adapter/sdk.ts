import { codeOf } from "./failures.ts";

/** The SDK of a service cannot be used. Nothing was sent. */
export class SdkFailure extends Error {
  /** What to do about it. */
  readonly advice: string;

  constructor(message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "SdkFailure";
    this.advice = advice;
  }
}

/** By `import`, and by a `require` that a bundler has made of it. */
const missing: ReadonlySet<string> = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);

/**
 * A module of an SDK, which a store loads when it needs it.
 *
 * @param name the package
 * @param wanted what to install: the package, with its versions
 * @throws `SdkFailure` if it cannot be loaded
 */
export async function loadSdk<T>(load: () => Promise<T>, name: string, wanted: string = name): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const isMissing = missing.has(codeOf(cause) ?? "");
    const advice = isMissing ? `install ${wanted}` : "mend its installation";
    throw new SdkFailure(`${name} ${isMissing ? "is not installed" : "cannot be loaded"}`, advice, cause);
  }
}
