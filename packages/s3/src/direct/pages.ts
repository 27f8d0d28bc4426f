import { decoded, type Element, readTable, textsOf } from "./xml.ts";

/** A page of a listing, by the names that the SDK has for its parts. */
export interface ListOutput {
  readonly IsTruncated?: boolean | undefined;
  readonly NextContinuationToken?: string | undefined;
  readonly EncodingType?: string | undefined;
  readonly Contents?:
    | readonly { readonly Key?: string | undefined; readonly Size?: number | undefined }[]
    | undefined;
  readonly CommonPrefixes?: readonly { readonly Prefix?: string | undefined }[] | undefined;
}

/** An object of which nothing is nested, and whose key comes before its size. */
const objectRow =
  /<Contents>(?:<(?!Key>|Size>)(\w+)>[^<]*<\/\1>){0,50}<Key>([^<]*)<\/Key>(?:<(?!Key>|Size>)(\w+)>[^<]*<\/\3>){0,50}<Size>(\d{1,16})<\/Size>(?:<(?!Key>|Size>)(\w+)>[^<]*<\/\5>){0,50}<\/Contents>\s*/y;

/** @returns `undefined` if the SDK has to read it */
export function readListing(document: string): ListOutput | undefined {
  const table = readTable(document, "Contents", objectRow);
  if (table?.root.name !== "ListBucketResult") return undefined;
  const { root, rows } = table;
  const isTruncated = oneOf(root, "IsTruncated");
  const tokens = textsOf(root, "NextContinuationToken");
  if (!(isTruncated === "true" || isTruncated === "false")) return undefined;
  if (tokens.length > 1 || tokens.includes(undefined)) return undefined;
  const contents = [];
  const prefixes = [];
  for (const [, , name = "", , size] of rows) {
    const key = decoded(name);
    if (key === undefined) return undefined;
    contents.push({ Key: key, Size: Number(size) });
  }
  for (const child of root.children) {
    if (child.name === "EncodingType") return undefined;
    if (child.name === "Contents") {
      const key = oneOf(child, "Key");
      const size = oneOf(child, "Size");
      if (key === undefined || size === undefined || !/^\d{1,16}$/.test(size)) return undefined;
      contents.push({ Key: key, Size: Number(size) });
    }
    if (child.name === "CommonPrefixes") {
      const prefix = oneOf(child, "Prefix");
      if (prefix === undefined) return undefined;
      prefixes.push({ Prefix: prefix });
    }
  }
  const token = tokens[0];
  return {
    IsTruncated: isTruncated === "true",
    ...(token === undefined ? {} : { NextContinuationToken: token }),
    Contents: contents,
    CommonPrefixes: prefixes,
  };
}

const deletedRow =
  /<Deleted>(?:<(?!Key>)(\w+)>[^<]*<\/\1>){0,50}<Key>([^<]*)<\/Key>(?:<(?!Key>)(\w+)>[^<]*<\/\3>){0,50}<\/Deleted>\s*/y;

/** The names of the objects that a response says are deleted; `undefined` if the SDK has to read it: it has errors, or more. */
export function readDeleted(document: string): ReadonlySet<string> | undefined {
  const table = readTable(document, "Deleted", deletedRow);
  if (table?.root.name !== "DeleteResult") return undefined;
  const { root, rows } = table;
  const names = new Set<string>();
  for (const [, , text = ""] of rows) {
    const name = decoded(text);
    if (name === undefined) return undefined;
    names.add(name);
  }
  for (const child of root.children) {
    const name = child.name === "Deleted" ? oneOf(child, "Key") : undefined;
    if (name === undefined) return undefined;
    names.add(name);
  }
  return names;
}

/** The body of a request that deletes many, as the SDK writes it. */
export function deleteBody(names: readonly string[]): Buffer {
  const objects = names.map(
    (name) => `<Object><Key>${name.replaceAll(/[&<>"'\u0085\u2028]/g, entityOf)}</Key></Object>`,
  );
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects.join("")}</Delete>`,
  );
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function entityOf(char: string): string {
  return entities[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
}

/** The text of the only child of that name. */
function oneOf(element: Element, name: string): string | undefined {
  const texts = textsOf(element, name);
  return texts.length === 1 ? texts[0] : undefined;
}
