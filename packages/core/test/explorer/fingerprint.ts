import { hash } from "node:crypto";

/** A short digest of a text, for comparing states. */
export function fingerprint(text: string): string {
  return hash("sha1", text, "base64");
}

/** The fingerprint of a set of texts, whatever the order in which they came and went. */
export class SetFingerprint {
  #low = 0;
  #high = 0;

  add(text: string): void {
    const [low, high] = parts(text);
    this.#low = (this.#low + low) | 0;
    this.#high = (this.#high + high) | 0;
  }

  remove(text: string): void {
    const [low, high] = parts(text);
    this.#low = (this.#low - low) | 0;
    this.#high = (this.#high - high) | 0;
  }

  get value(): string {
    return `${this.#low},${this.#high}`;
  }
}

const known = new Map<string, readonly [number, number]>();

/** Two 32-bit integers of a text. The same few texts come again in every schedule. */
function parts(text: string): readonly [number, number] {
  const found = known.get(text);
  if (found !== undefined) return found;
  const digest = Buffer.from(fingerprint(text), "base64");
  const made = [digest.readInt32LE(0), digest.readInt32LE(4)] as const;
  if (known.size < 100_000) known.set(text, made);
  return made;
}
