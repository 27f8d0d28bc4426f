export function writeRules(): void {}
export function writeRuns(_runs: unknown, _minutes: number): void {}
