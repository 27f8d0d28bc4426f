import { aesGcm, gzip } from "@state/core/codecs";

/** What the codecs do: the same on every runtime. */
export interface CodecsReport {
  /** Of what Node's zlib and OpenSSL have made. */
  readonly foreign: readonly string[];
  readonly same: boolean;
  readonly smaller: boolean;
  readonly bomb: string;
  readonly cut: string;
  readonly moved: string;
  readonly readOnlyKey: string;
}

const foreignGzip = "H4sIAAAAAAAAAyvJSFUoLkksSVXIT1NIVCjLy09JBQBqxh7oFAAAAA==";
const foreignAesGcm = "AAECAwQFBgcICQoLbOmMUG59uD0Skor6wi4ClYVZlr18mTW7Ih7UCTWh01Kb8FSJ";

export async function reportOfCodecs(): Promise<CodecsReport> {
  const raw = new Uint8Array(32).fill(7);
  const encrypted = aesGcm({ id: "k1", key: raw });
  const compressed = gzip();
  const place = { writtenAt: 7, vnode: 3 };
  const context = { ...place, size: 20 };
  const foreign = [
    await compressed.decode(bytesOf(foreignGzip), context),
    await encrypted.decode(bytesOf(foreignAesGcm), context),
  ].map((bytes) => new TextDecoder().decode(bytes));

  const bytes = new Uint8Array(2 ** 20).map((_, index) => index >>> 8);
  const inner = new Uint8Array(await compressed.encode(bytes, place));
  const stored = new Uint8Array(await encrypted.encode(inner, place));
  const opened = new Uint8Array(await encrypted.decode(stored, { ...place, size: inner.byteLength }));
  const back = await compressed.decode(opened, { ...place, size: bytes.byteLength });

  const zeros = new Uint8Array(await compressed.encode(new Uint8Array(2 ** 25), place));
  const usages: KeyUsage[] = ["decrypt"];
  const reader = aesGcm({
    id: "k1",
    key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, usages),
  });
  return {
    foreign,
    same: back.byteLength === bytes.byteLength && back.every((byte, index) => byte === bytes[index]),
    smaller: stored.byteLength < bytes.byteLength / 20,
    bomb: await refusal(() => compressed.decode(zeros, { ...place, size: 1000 })),
    cut: await refusal(() => compressed.decode(inner.slice(0, 20), context)),
    moved: await refusal(() => encrypted.decode(stored, { writtenAt: 7, vnode: 4, size: inner.byteLength })),
    readOnlyKey: await refusal(() => reader.encode(bytes, place)),
  };
}

/** The message, and the name of the cause. */
async function refusal(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "no refusal";
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return error.cause instanceof Error ? `${error.message}; ${error.cause.name}` : error.message;
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
