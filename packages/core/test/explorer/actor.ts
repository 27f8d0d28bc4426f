import type { Call } from "./calls.ts";
import type { Instance } from "./instance.ts";
import type { ObservedCall } from "./observer.ts";
import type { Thread } from "./scheduler.ts";

/** Makes its calls one after the other. */
export class Actor implements Thread {
  readonly id: string;
  readonly isLate = false;
  readonly sharesBackend: boolean;
  readonly instance: Instance;
  readonly calls: readonly Call[];
  readonly backend: string;
  observed: ObservedCall | undefined;
  readonly told: string[] = [];
  /** The number of the call that it is in, or begins next. */
  position = 0;

  constructor(id: string, instance: Instance, calls: readonly Call[], sharesBackend: boolean) {
    this.id = id;
    this.instance = instance;
    this.backend = instance.id;
    this.calls = calls;
    this.sharesBackend = sharesBackend;
  }
}
