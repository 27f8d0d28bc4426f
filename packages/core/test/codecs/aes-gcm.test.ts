import { createCipheriv, createDecipheriv } from "node:crypto";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Codec, CodecContext } from "../../src/codec.ts";
import { aesGcm, type AesGcmKey } from "../../src/codecs/index.ts";
import { rejectionOf } from "../support/rejection.ts";
import { mixedBytes } from "./bytes.ts";

const raw = mixedBytes(32);
const codec = aesGcm({ id: "k1", key: raw });
const ofVnode = { writtenAt: 7, vnode: 3 };
const ofAttachment = { writtenAt: 7, attachment: "offsets" };

afterEach(() => vi.restoreAllMocks());

async function encoded(
  bytes: Uint8Array<ArrayBuffer>,
  context: CodecContext,
  by: Codec = codec,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await by.encode(bytes, context));
}

function decoded(
  stored: Uint8Array<ArrayBuffer>,
  context: CodecContext,
  by: Codec = codec,
): Promise<Uint8Array> {
  return by.decode(stored, { ...context, size: stored.byteLength - 28 });
}

function cryptoKey(usages: readonly KeyUsage[], bytes: Uint8Array<ArrayBuffer> = raw): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [...usages]);
}

const refused = {
  message:
    "the bytes do not decrypt with the key k1: the key is another, or the bytes are, " +
    "or they belong to another epoch or place",
  cause: expect.objectContaining({ name: "OperationError" }) as Error,
};

describe("AES-GCM", () => {
  test.each([0, 1, 15, 16, 17, 5 * 2 ** 20])("gives back %i bytes, and stores 28 more", async (size) => {
    const bytes = mixedBytes(size);
    for (const context of [ofVnode, ofAttachment]) {
      const stored = await encoded(bytes, context);
      expect(stored.byteLength).toBe(size + 28);
      expect(Buffer.compare(await decoded(stored, context), bytes)).toBe(0);
    }
  });

  test.each([16, 24, 32])(
    "has keys of %i bytes, and is the same by bytes and by CryptoKey",
    async (length) => {
      const key = mixedBytes(length);
      const byBytes = aesGcm({ id: "k1", key });
      const byKey = aesGcm({ id: "k1", key: await cryptoKey(["encrypt", "decrypt"], key) });
      for (const [writer, reader] of [
        [byBytes, byKey],
        [byKey, byBytes],
      ] as const) {
        const stored = await encoded(mixedBytes(100), ofVnode, writer);
        expect(await decoded(stored, ofVnode, reader)).toEqual(mixedBytes(100));
      }
    },
  );

  test.each([
    ["a vnode", ofVnode, "@state aes-gcm\nepoch=7\nvnode=3"],
    ["an attachment", ofAttachment, "@state aes-gcm\nepoch=7\nattachment=offsets"],
  ])("stores of %s what another implementation decrypts, and decrypts what that one made", async (...row) => {
    const [, context, additional] = row;
    const plain = mixedBytes(1000);

    const stored = Buffer.from(await encoded(plain, context));
    const decipher = createDecipheriv("aes-256-gcm", raw, stored.subarray(0, 12));
    decipher.setAAD(Buffer.from(additional));
    decipher.setAuthTag(stored.subarray(-16));
    const opened = Buffer.concat([decipher.update(stored.subarray(12, -16)), decipher.final()]);
    expect(Buffer.compare(opened, plain)).toBe(0);

    const nonce = mixedBytes(12);
    const cipher = createCipheriv("aes-256-gcm", raw, nonce);
    cipher.setAAD(Buffer.from(additional));
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    expect(await decoded(new Uint8Array(sealed), context)).toEqual(plain);
  });

  test("decrypts what was stored by its first version", async () => {
    const stored = new Uint8Array(Buffer.from(golden, "hex"));
    expect(new TextDecoder().decode(await decoded(stored, ofVnode))).toBe("the state of vnode 3");
  });

  test("takes a fresh nonce each time, and no two outputs are alike", async () => {
    const bytes = mixedBytes(64);
    const all = await Promise.all(Array.from({ length: 200 }, () => encoded(bytes, ofVnode)));
    const distinct = (from: number, to?: number): number =>
      new Set(all.map((stored) => Buffer.from(stored).toString("hex", from, to))).size;
    expect(distinct(0, 12)).toBe(200);
    expect(distinct(12, 28)).toBe(200);
    expect(distinct(76)).toBe(200);
  });

  test("shows none of what was encoded", async () => {
    const secret = Buffer.from("a secret of the vnode that nobody may read");
    const stored = Buffer.from(await encoded(new Uint8Array(Buffer.concat(Array(50).fill(secret))), ofVnode));
    for (let from = 0; from + 8 <= secret.length; from++)
      expect(stored.includes(secret.subarray(from, from + 8))).toBe(false);
  });

  test("changes and keeps none of the caller's bytes, on the way there or back", async () => {
    const bytes = mixedBytes(1000);
    const stored = await encoded(bytes, ofVnode);
    expect(bytes).toEqual(mixedBytes(1000));
    const before = stored.slice();
    const opened = await decoded(stored, ofVnode);
    expect(stored).toEqual(before);
    bytes.fill(0);
    stored.fill(0);
    expect(opened).toEqual(mixedBytes(1000));
  });

  test("reads a view into a larger buffer, and nothing around it", async () => {
    const framed = new Uint8Array([1, ...mixedBytes(1000), 2]);
    const stored = new Uint8Array([3, ...(await encoded(framed.subarray(1, -1), ofVnode)), 4]);
    expect(await decoded(stored.subarray(1, -1), ofVnode)).toEqual(mixedBytes(1000));
  });

  test("leaves the size to the caller, as another codec may be around it", async () => {
    const stored = await encoded(mixedBytes(100), ofVnode);
    expect(await codec.decode(stored, { ...ofVnode, size: 3 })).toEqual(mixedBytes(100));
  });
});

/** With the nonce 00 01 … 0b, by `createCipheriv`. */
const golden =
  "000102030405060708090a0bc94e21933a7519e11b82cade82caa03d28a8eaddc3dbe8cca7d4b40b294feb7295a9a4a8";

describe("what AES-GCM does not decrypt", () => {
  const flips = [
    ["the first byte of the nonce", 0],
    ["the last byte of the nonce", 11],
    ["the first byte of the ciphertext", 12],
    ["the middle of the ciphertext", 60],
    ["the last byte of the ciphertext", 111],
    ["the first byte of the tag", 112],
    ["the last byte of the tag", 127],
  ] as const;

  test.each(flips)("is what has another bit in %s", async (_, at) => {
    const stored = await encoded(mixedBytes(100), ofVnode);
    for (let bit = 0; bit < 8; bit++) {
      const other = stored.slice();
      other[at] = (other[at] ?? 0) ^ (1 << bit);
      expect(await rejectionOf(decoded(other, ofVnode))).toMatchObject(refused);
    }
  });

  test.each<[string, CodecContext, CodecContext]>([
    ["another vnode", ofVnode, { writtenAt: 7, vnode: 4 }],
    ["another epoch", ofVnode, { writtenAt: 8, vnode: 3 }],
    [
      "digits that moved from the epoch to the vnode",
      { writtenAt: 71, vnode: 3 },
      { writtenAt: 7, vnode: 13 },
    ],
    ["an attachment", ofVnode, { writtenAt: 7, attachment: "3" }],
    ["another attachment", ofAttachment, { writtenAt: 7, attachment: "offset" }],
    ["the attachment of another epoch", ofAttachment, { writtenAt: 6, attachment: "offsets" }],
    ["a vnode, if it was an attachment", { writtenAt: 7, attachment: "3" }, ofVnode],
  ])("is what was moved: to %s", async (_, from, to) => {
    const stored = await encoded(mixedBytes(100), from);
    expect(await decoded(stored, from)).toEqual(mixedBytes(100));
    expect(await rejectionOf(decoded(stored, to))).toMatchObject(refused);
  });

  test("is what another key wrote, whatever its name", async () => {
    const key = raw.slice();
    key[31] = (key[31] ?? 0) ^ 1;
    const stored = await encoded(mixedBytes(100), ofVnode, aesGcm({ id: "k1", key }));
    expect(await rejectionOf(decoded(stored, ofVnode))).toMatchObject(refused);
  });

  test("is what was cut, or has more at its end", async () => {
    const stored = await encoded(mixedBytes(100), ofVnode);
    for (const length of [28, 29, 127])
      expect(await rejectionOf(decoded(stored.slice(0, length), ofVnode))).toMatchObject(refused);
    expect(await rejectionOf(decoded(new Uint8Array([...stored, 0]), ofVnode))).toMatchObject(refused);
  });

  test.each([0, 1, 12, 27])("is what has too few bytes: %i", async (length) => {
    expect(await rejectionOf(decoded(new Uint8Array(length), ofVnode))).toMatchObject({
      message: `${length} bytes are too few: a nonce of 12 bytes and a tag of 16 are the least`,
    });
  });

  test.each<[string, CodecContext]>([
    ["neither", { writtenAt: 7 }],
    ["both", { writtenAt: 7, vnode: 3, attachment: "offsets" }],
  ])("is what belongs to %s of a vnode and an attachment; nor is it encrypted", async (which, context) => {
    const message = `the context must have one of vnode and attachment, not ${which}`;
    const stored = await encoded(mixedBytes(100), ofVnode);
    await expect(decoded(stored, context)).rejects.toThrow(new TypeError(message));
    await expect(encoded(mixedBytes(100), context)).rejects.toThrow(new TypeError(message));
  });
});

describe("a key", () => {
  test("that decrypts alone reads, and cannot write", async () => {
    const reader = aesGcm({ id: "k1", key: await cryptoKey(["decrypt"]) });
    expect(await decoded(await encoded(mixedBytes(100), ofVnode), ofVnode, reader)).toEqual(mixedBytes(100));
    await expect(encoded(mixedBytes(100), ofVnode, reader)).rejects.toThrow(
      new Error('the key k1 has no usage "encrypt": it reads, and cannot write'),
    );
  });

  test("of bytes is imported when it is needed, once, and so that nobody takes it out again", async () => {
    const importKey = vi.spyOn(crypto.subtle, "importKey");
    const fresh = aesGcm({ id: "k1", key: raw });
    expect(importKey).not.toHaveBeenCalled();
    const stored = await Promise.all([1, 2, 3].map((size) => encoded(mixedBytes(size), ofVnode, fresh)));
    for (const each of stored) await decoded(each, ofVnode, fresh);
    expect(importKey).toHaveBeenCalledTimes(1);
    const key = (await importKey.mock.results[0]?.value) as CryptoKey;
    expect(key).toMatchObject({ extractable: false, algorithm: { name: "AES-GCM", length: 256 } });
  });

  test("of bytes is copied at once, and left as it is", async () => {
    const bytes = raw.slice();
    const copying = aesGcm({ id: "k1", key: bytes });
    expect(bytes).toEqual(raw);
    bytes.fill(0);
    expect(await decoded(await encoded(mixedBytes(100), ofVnode), ofVnode, copying)).toEqual(mixedBytes(100));
  });

  test("may be of another realm, and a Buffer", async () => {
    const foreign = runInNewContext(`new Uint8Array([${raw.join()}])`) as Uint8Array;
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    for (const key of [foreign, Buffer.from(raw)]) {
      const stored = await encoded(mixedBytes(100), ofVnode, aesGcm({ id: "k1", key }));
      expect(await decoded(stored, ofVnode)).toEqual(mixedBytes(100));
    }
  });

  test.each([0, 15, 17, 31, 33, 64])("is refused at once with %i bytes", (length) => {
    expect(() => aesGcm({ id: "k1", key: new Uint8Array(length) })).toThrow(
      new RangeError(`key must be of 16, 24 or 32 bytes, not of ${length}`),
    );
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "0123456789abcdef"],
    ["an ArrayBuffer", new ArrayBuffer(16)],
    ["wider numbers", new Uint16Array(16)],
    ["an array", Array(16).fill(0)],
    ["what only says that it is bytes", { [Symbol.toStringTag]: "Uint8Array", byteLength: 16 }],
  ])("is refused at once if it is %s", (_, key) => {
    expect(() => aesGcm({ id: "k1", key: key as AesGcmKey })).toThrow(
      /^key must be a CryptoKey or a Uint8Array, not \[object /,
    );
    expect(() => aesGcm({ id: "k1", key: key as AesGcmKey })).toThrow(TypeError);
  });

  test("is refused at once if it is for something else", async () => {
    const cbc = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["encrypt", "decrypt"]);
    const message = "key must be a CryptoKey for AES-GCM, not for AES-CBC";
    expect(() => aesGcm({ id: "k1", key: cbc })).toThrow(new TypeError(message));
    const writer = await cryptoKey(["encrypt"]);
    expect(() => aesGcm({ id: "k1", key: writer })).toThrow(
      new TypeError('key must have the usage "decrypt"'),
    );
  });

  test("is in no message", () => {
    const key = Buffer.from("a key of a wrong length");
    for (const wrong of [key, key.toString()]) {
      let message = "";
      try {
        aesGcm({ id: "k1", key: wrong as AesGcmKey });
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain("key must be");
      expect(message).not.toContain("wrong length");
      expect(message).not.toContain("97");
    }
  });
});

describe("an id", () => {
  test.each(["a", "2026-01=k_1.x", "Z".repeat(180)])("is in the codec's: %s", (id) => {
    expect(aesGcm({ id, key: raw }).id).toBe(`aes-gcm:${id}`);
  });

  test.each(["", "Z".repeat(181), "a b", "a:b", "a+b", "a/b", "ä", "a\n", "\na"])(
    "is refused at once if it is %j",
    (id) => {
      expect(() => aesGcm({ id, key: raw })).toThrow(RangeError);
      expect(() => aesGcm({ id, key: raw })).toThrow("id must be 1 to 180 of [A-Za-z0-9=_.-], not ");
    },
  );

  test.each<unknown>([undefined, null, 1, {}])("is refused at once if it is no text: %j", (id) => {
    expect(() => aesGcm({ id: id as string, key: raw })).toThrow(
      new TypeError(`id must be a string, not of type ${typeof id}`),
    );
  });
});
