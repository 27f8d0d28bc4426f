/**
 * For Node: loads the modules named on the command line, and prints what each did while it was
 * loaded that workerd refuses: random numbers, clocks, and anything asynchronous.
 */
import { createHook } from "node:async_hooks";
import { createRequire } from "node:module";

const load = createRequire(import.meta.url);
const seen: string[] = [];

function watch(owner: object, name: string): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") throw new TypeError(`there is no function ${name}`);
  Object.defineProperty(owner, name, {
    value: (...args: unknown[]): unknown => {
      seen.push(name);
      return Reflect.apply(original, owner, args);
    },
  });
}

watch(Math, "random");
watch(Date, "now");
watch(performance, "now");
watch(crypto, "randomUUID");
watch(crypto, "getRandomValues");

const hook = createHook({
  init(_id, type) {
    seen.push(type);
  },
});

/**
 * Loads by `require`: `import()` is asynchronous itself. `require` refuses a module with a top-level
 * await.
 */
function effectsOf(specifier: string): readonly string[] {
  seen.length = 0;
  hook.enable();
  try {
    load(specifier);
  } finally {
    hook.disable();
  }
  return [...seen];
}

const effects = process.argv.slice(2).map((specifier) => [specifier, effectsOf(specifier)]);
process.stdout.write(JSON.stringify(Object.fromEntries(effects)));
