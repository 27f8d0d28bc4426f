import { ClassicLevel } from "classic-level";

/** An open LevelDB. Names with their sizes stand beside the bodies, so that a listing reads no body. */
export class Connection {
  readonly #level: ClassicLevel<string, Uint8Array>;

  private constructor(level: ClassicLevel<string, Uint8Array>) {
    this.#level = level;
  }

  static async open(path: string): Promise<Connection> {
    const level = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: "view" });
    await level.open();
    return new Connection(level);
  }

  async has(key: string): Promise<boolean> {
    return this.#level.has(`size!${key}`);
  }

  /** Name, size and body in one batch, which is on the disk before this resolves. */
  async put(key: string, body: Uint8Array): Promise<void> {
    const size = new TextEncoder().encode(String(body.byteLength));
    const batch = [
      { type: "put" as const, key: `body!${key}`, value: body },
      { type: "put" as const, key: `size!${key}`, value: size },
    ];
    await this.#level.batch(batch, { sync: true });
  }

  async body(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const value = await this.#level.get(`body!${key}`);
    return value === undefined ? undefined : new Uint8Array(value);
  }

  /** At most `limit` keys below `prefix` with their sizes, from `first` on, all of one moment. */
  async from(first: string, prefix: string, limit: number): Promise<readonly (readonly [string, number])[]> {
    // "0" follows "/", which a prefix ends in, as `"` follows "!".
    const end = prefix === "" ? 'size"' : `size!${prefix.slice(0, -1)}0`;
    const entries = await this.#level.iterator({ gte: `size!${first}`, lt: end, limit }).all();
    return entries.map(([name, size]) => [name.slice(5), Number(new TextDecoder().decode(size))]);
  }

  async remove(keys: readonly string[]): Promise<void> {
    const names = keys.flatMap((key) => [`body!${key}`, `size!${key}`]);
    const batch = names.map((key) => ({ type: "del" as const, key }));
    await this.#level.batch(batch, { sync: true });
  }

  async close(): Promise<void> {
    await this.#level.close();
  }
}
