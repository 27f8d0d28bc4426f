import type { OutputRecord, TopicPartition } from "./record.ts";
import { nameOf } from "./record.ts";

/** The attachment that says where the input goes on: `{"topic":"flights","partition":3,"next":"1200"}`. */
export const offsetAttachment = "kafka.offset";

/** The attachment with the records that the epoch lets out, a line of JSON each. */
export const outputsAttachment = "kafka.outputs";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export function encodeOffset({ topic, partition }: TopicPartition, next: bigint): Uint8Array {
  return encoder.encode(JSON.stringify({ topic, partition, next: String(next) }));
}

/** @throws `Error` if it is that of another partition: two jobs share a namespace, or a store was given a wrong prefix. */
export function decodeOffset(bytes: Uint8Array, expected: TopicPartition): bigint {
  const { topic, partition, next } = JSON.parse(decoder.decode(bytes)) as Record<string, unknown>;
  if (topic !== expected.topic || partition !== expected.partition)
    throw new Error(
      `the namespace holds the state of ${String(topic)}/p=${String(partition)}, not of ${nameOf(expected)}: ` +
        "give each partition a store of its own, such as by partitionPrefix",
    );
  if (typeof next !== "string" || !/^\d+$/.test(next))
    throw new Error(`${offsetAttachment} of ${nameOf(expected)} has no offset`);
  return BigInt(next);
}

interface OutputLine {
  readonly topic: string;
  readonly partition?: number;
  readonly key?: string;
  readonly value?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** A record as it stands in the attachment, with the end of its line. */
export function encodeOutput({ topic, partition, key, value, headers }: OutputRecord): Uint8Array {
  const line: OutputLine = {
    topic,
    ...(partition === undefined ? {} : { partition }),
    ...(key === undefined ? {} : { key: toBase64(key) }),
    ...(value === undefined ? {} : { value: toBase64(value) }),
    ...(headers === undefined ? {} : { headers: headers.map(([name, bytes]) => [name, toBase64(bytes)]) }),
  };
  return encoder.encode(`${JSON.stringify(line)}\n`);
}

export function decodeOutputs(bytes: Uint8Array): readonly OutputRecord[] {
  return decoder
    .decode(bytes)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => decodeOutput(JSON.parse(line) as OutputLine));
}

function decodeOutput({ topic, partition, key, value, headers }: OutputLine): OutputRecord {
  return {
    topic,
    ...(partition === undefined ? {} : { partition }),
    ...(key === undefined ? {} : { key: fromBase64(key) }),
    ...(value === undefined ? {} : { value: fromBase64(value) }),
    ...(headers === undefined ? {} : { headers: headers.map(([name, text]) => [name, fromBase64(text)]) }),
  };
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
