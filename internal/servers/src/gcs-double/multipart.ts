export interface Upload {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

/** The two parts of a multipart/related upload, or `undefined` if there are not two. */
export function uploadFrom(contentType: string, content: Buffer): Upload | undefined {
  const [, quoted, plain] =
    /^multipart\/related\s*;.*?\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return undefined;
  const delimiter = `\r\n--${boundary}`;
  const opening = `--${boundary}\r\n`;
  if (!content.subarray(0, opening.length).equals(Buffer.from(opening))) return undefined;
  const middle = content.indexOf(delimiter, opening.length);
  // The last one: a body may contain a delimiter.
  const end = content.lastIndexOf(`${delimiter}--`);
  if (middle < 0 || end <= middle) return undefined;
  const metadata = contentOf(content.subarray(opening.length, middle));
  const body = contentOf(content.subarray(middle + delimiter.length + 2, end));
  if (metadata === undefined || body === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(metadata.toString("utf8"));
    // A copy: a view would keep the whole request in memory.
    return typeof value === "object" && value !== null
      ? { metadata: { ...value }, body: new Uint8Array(body) }
      : undefined;
  } catch {
    // The service refuses metadata that is no JSON as it refuses an upload without parts.
    return undefined;
  }
}

function contentOf(part: Buffer): Buffer | undefined {
  const blank = part.indexOf("\r\n\r\n");
  return blank < 0 ? undefined : part.subarray(blank + 4);
}
