import type { Reporter, TestCase, TestModule } from "vitest/node";

const quietMs = 10_000;

interface Progress {
  readonly name: string;
  readonly start: number;
  tests: number;
  ended: number;
}

/** Prints what is running whenever no file has ended for ten seconds, so that no log stands still for longer. */
export class ProgressReporter implements Reporter {
  readonly #running = new Map<string, Progress>();
  #lastLine = performance.now();
  #timer: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.#timer = setInterval(() => this.#print(), quietMs / 4).unref();
  }

  onTestModuleQueued({ moduleId, project, relativeModuleId }: TestModule): void {
    const name = `${project.name} ${relativeModuleId}`;
    this.#running.set(moduleId, { name, start: performance.now(), tests: 0, ended: 0 });
  }

  onTestModuleCollected({ moduleId, children }: TestModule): void {
    const progress = this.#running.get(moduleId);
    if (progress !== undefined) progress.tests = [...children.allTests()].length;
  }

  onTestCaseResult({ module }: TestCase): void {
    const progress = this.#running.get(module.moduleId);
    if (progress !== undefined) progress.ended += 1;
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    this.#running.delete(moduleId);
    this.#lastLine = performance.now();
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
    this.#running.clear();
  }

  #print(): void {
    const now = performance.now();
    if (now - this.#lastLine < quietMs) return;
    this.#lastLine = now;
    for (const { name, start, tests, ended } of this.#running.values()) {
      const seconds = Math.round((now - start) / 1_000);
      process.stdout.write(`   … ${name}: ${ended} of ${tests} tests, ${seconds} s\n`);
    }
  }
}
