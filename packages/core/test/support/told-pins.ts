/** The pins that were answered and that nobody has let go of, as those who judge a schedule know them. */
export class ToldPins {
  readonly #pins = new Set<string>();

  tell(epoch: number, name: string): void {
    this.#pins.add(`${epoch} ${name}`);
  }

  letGo(epoch: number, name: string): void {
    this.#pins.delete(`${epoch} ${name}`);
  }

  has(epoch: number, name: string): boolean {
    return this.#pins.has(`${epoch} ${name}`);
  }

  /** Whether any pin holds the epoch. */
  hold(epoch: number): boolean {
    return [...this.#pins].some((pin) => pin.startsWith(`${epoch} `));
  }

  /** Whether any epoch has this name. */
  haveName(name: string): boolean {
    return [...this.#pins].some((pin) => pin.slice(pin.indexOf(" ") + 1) === name);
  }
}

/** The epoch and the name of a pin's key. */
export function parsePin(key: string): { readonly epoch: number; readonly name: string } | undefined {
  const [, digits = "", name = ""] = /^_control\/pin=(\d{16})\.(.+)$/.exec(key) ?? [];
  return name === "" ? undefined : { epoch: Number(digits), name };
}
