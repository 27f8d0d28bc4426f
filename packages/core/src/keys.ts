import { StoreError } from "./errors.ts";

const segment = /^[A-Za-z0-9=_.-]{1,240}$/;
/** What nearly every key is: no segment begins with a dot. */
const plainKey = /^[A-Za-z0-9=_-][A-Za-z0-9=_.-]{0,239}(?:\/[A-Za-z0-9=_-][A-Za-z0-9=_.-]{0,239})*$/;
const maxKeyLength = 900;

/**
 * Throws `InvalidKey` unless `key` is one that every store can hold: segments of 1 to 240 of
 * `[A-Za-z0-9=_.-]`, none `.` or `..` or starting with `.staging-`, joined by `/`, at most 900 bytes in all.
 *
 * The grammar avoids what XML, URLs, Azure's path normalising, Windows and file systems do to names. For
 * adapters to call in `create`, `get` and `delete`, before anything is sent.
 */
export function checkKey(key: string): void {
  const fault = typeof key === "string" ? faultOf(key) : `it is of type ${typeof key}`;
  if (fault !== undefined) {
    throw new StoreError("InvalidKey", `the key ${JSON.stringify(key)} is not allowed: ${fault}`, { key });
  }
}

/** Throws `InvalidKey` unless `prefix` is `""`, or a key's grammar followed by `/`. For adapters to call in `list`. */
export function checkPrefix(prefix: string): void {
  if (prefix === "") return;
  if (typeof prefix !== "string" || !prefix.endsWith("/")) {
    throw new StoreError("InvalidKey", `the prefix ${JSON.stringify(prefix)} must be "" or end in "/"`, {
      key: prefix,
    });
  }
  checkKey(prefix.slice(0, -1));
}

/**
 * Whether a name can be that of one of a store's objects. What a console, a file system or somebody else has put beside
 * them cannot always: `folder/`, `lost+found`.
 */
export function isKey(name: string): boolean {
  return faultOf(name) === undefined;
}

function faultOf(key: string): string | undefined {
  if (key.length > maxKeyLength) return `it is ${key.length} bytes long, ${maxKeyLength} is the most`;
  if (plainKey.test(key)) return undefined;
  for (const part of key.split("/")) {
    if (part === "") return "it has an empty segment";
    if (part.length > 240) return `a segment is ${part.length} bytes long, 240 is the most`;
    if (!segment.test(part))
      return `the segment ${JSON.stringify(part)} has a character outside [A-Za-z0-9=_.-]`;
    if (part === "." || part === ".." || part.startsWith(".staging-")) {
      return `the segment ${JSON.stringify(part)} is reserved`;
    }
  }
  return undefined;
}
