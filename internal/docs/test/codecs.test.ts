import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { constants, gunzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Codec } from "@state/core";
import { aesGcm, type AesGcmOptions } from "@state/core/codecs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The guide's functions, as they stand there. */
interface Guide {
  readonly zstd: (options?: { readonly level?: number }) => Codec;
  readonly gzipInAesGcm: (options: AesGcmOptions) => Codec;
}

const MiB = 2 ** 20;
const place = { writtenAt: 7, vnode: 3 };
const options: AesGcmOptions = { id: "2026-01", key: new Uint8Array(32).fill(9) };
let guide: Guide;
let scratch: string;

beforeAll(async () => {
  const page = await readFile(resolve(import.meta.dirname, "../../../docs/guide.md"), "utf8");
  scratch = await mkdtemp(join(import.meta.dirname, "../.snippets-"));
  const functionOf = async (name: string): Promise<object> => {
    const block = new RegExp(`^\`\`\`ts\\n((?:(?!^\`\`\`).)*export function ${name}\\(.*?)^\`\`\`$`, "ms");
    await writeFile(join(scratch, `${name}.ts`), block.exec(page)?.[1] ?? "");
    return (await import(join(scratch, `${name}.ts`))) as object;
  };
  guide = { ...(await functionOf("zstd")), ...(await functionOf("gzipInAesGcm")) } as Guide;
});

afterAll(() => rm(scratch, { recursive: true }));

/** Lines that are alike, and not the same. */
function stateOf(size: number): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let line = 0; text.length < size; line++) text += `${line} the state of a key\n`;
  return new TextEncoder().encode(text.slice(0, size));
}

async function encoded(codec: Codec, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await codec.encode(bytes, place));
}

describe.each<[string, () => Codec]>([
  ["zstd", () => guide.zstd()],
  ["zstd at level 19", () => guide.zstd({ level: 19 })],
  ["gzip in AES-GCM", () => guide.gzipInAesGcm(options)],
])("the guide's %s", (_, make) => {
  test.each([0, 1, MiB])("gives back %i bytes, and leaves the caller's as they are", async (size) => {
    const bytes = stateOf(size);
    const stored = await encoded(make(), bytes);
    const decoded = await make().decode(stored, { ...place, size });
    expect(Buffer.compare(decoded, stateOf(size))).toBe(0);
    expect(Buffer.compare(bytes, stateOf(size))).toBe(0);
  });

  test("makes state smaller, and has an id of the form that seals take", async () => {
    const bytes = stateOf(MiB);
    expect((await encoded(make(), bytes)).byteLength).toBeLessThan(MiB / 4);
    expect(make().id).toMatch(/^[A-Za-z0-9=_.:+-]{1,200}$/);
  });

  test("refuses what becomes one byte more than was encoded", async () => {
    for (const size of [2, 1000, MiB]) {
      const stored = await encoded(make(), stateOf(size));
      await expect(make().decode(stored, { ...place, size: size - 1 })).rejects.toThrow(Error);
    }
  });

  test("refuses what was cut", async () => {
    const stored = await encoded(make(), stateOf(1000));
    for (const length of [0, 10, stored.length >> 1, stored.length - 1])
      await expect(make().decode(stored.slice(0, length), { ...place, size: 1000 })).rejects.toThrow(Error);
  });
});

describe("the guide's zstd", () => {
  test("writes and reads what every zstd does, at the level that is asked for", async () => {
    const bytes = stateOf(MiB);
    const fast = await encoded(guide.zstd({ level: 1 }), bytes);
    const small = await encoded(guide.zstd({ level: 19 }), bytes);
    expect(small.length).toBeLessThan(fast.length);
    expect(Buffer.compare(zstdDecompressSync(small), bytes)).toBe(0);
    const params = { [constants.ZSTD_c_compressionLevel]: 7 };
    const foreign = new Uint8Array(zstdCompressSync(bytes, { params }));
    expect(Buffer.compare(await guide.zstd().decode(foreign, { ...place, size: MiB }), bytes)).toBe(0);
  });
});

describe("the guide's gzip in AES-GCM", () => {
  test("compresses first, and then encrypts for the place", async () => {
    const codec = guide.gzipInAesGcm(options);
    expect(codec.id).toBe("aes-gcm:2026-01+gzip");
    const bytes = stateOf(1000);
    const stored = await encoded(codec, bytes);
    const compressed = await aesGcm(options).decode(stored, { ...place, size: 0 });
    expect(Buffer.compare(gunzipSync(compressed), bytes)).toBe(0);
    const elsewhere = { writtenAt: 7, vnode: 4, size: 1000 };
    await expect(codec.decode(stored, elsewhere)).rejects.toThrow("do not decrypt");
  });

  test("refuses what another key wrote", async () => {
    const other = guide.gzipInAesGcm({ id: "2026-01", key: new Uint8Array(32).fill(8) });
    const stored = await encoded(other, stateOf(1000));
    const reading = guide.gzipInAesGcm(options).decode(stored, { ...place, size: 1000 });
    await expect(reading).rejects.toThrow("do not decrypt with the key 2026-01");
  });
});
