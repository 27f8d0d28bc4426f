const started = performance.now();

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Shows the newest of many lines, one in so many milliseconds at most. */
export function every(milliseconds: number): (line: string) => void {
  let next = performance.now() + milliseconds;
  return (line) => {
    if (performance.now() < next) return;
    next = performance.now() + milliseconds;
    say(`${elapsed()}  ${line}`);
  };
}

/** How long this process has run: minutes and seconds. */
export function elapsed(): string {
  const seconds = Math.round((performance.now() - started) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
