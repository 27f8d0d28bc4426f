import { Readable } from "node:stream";
import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { pagesOf, respondWith } from "@state/servers/testing";
import { describe, expect, test } from "vitest";
import { readDeleted, readListing } from "../src/direct/pages.ts";
import { readXml } from "../src/direct/xml.ts";
import { scriptedServer } from "./support/scripted-server.ts";

const head = `<?xml version="1.0" encoding="UTF-8"?>\n`;
const names = [
  "a/b",
  "a b",
  "  a",
  "&amp;&lt;&gt;&quot;&apos;",
  "&#252;&#xFC;",
  "ü漢😀",
  "a&amp;amp;b",
  "=_.-",
  "",
];

function listing(inner: string): string {
  return `${head}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</ListBucketResult>`;
}

function object(name: string): string {
  return `<Contents><Key>${name}</Key><ETag>&quot;0&quot;</ETag><Owner><ID>1</ID></Owner><Size>12</Size></Contents>`;
}

/** As S3 writes it. */
function row(name: string): string {
  return `<Contents><Key>${name}</Key><LastModified>2026-11-27T00:00:00.000Z</LastModified><ETag>&quot;0&quot;</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}

function folder(name: string): string {
  return `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`;
}

const end = "<IsTruncated>false</IsTruncated>";
const full = listing(
  `<Name>b</Name><Prefix/><IsTruncated>true</IsTruncated><NextContinuationToken>a+/=</NextContinuationToken>${names.map(object).join("")}\n  ${names.map(folder).join("\n")}`,
);

const asS3 = listing(
  `<Name>b</Name><Prefix/><KeyCount>3</KeyCount><IsTruncated>false</IsTruncated>${names.map(row).join("")}${folder("c/")}`,
);

describe("a page of a listing", () => {
  test.each([
    ["with all that there may be", full],
    ["without objects", listing(end)],
    ["of one object", listing(end + object("a"))],
    ["as S3 writes it", asS3],
    [
      "with an element of the name that stands for rows",
      listing(`${end}<RowsThatWereCutOut></RowsThatWereCutOut><Versions>${row("a")}</Versions>${row("b")}`),
    ],
    [
      "of an object with very much beside it",
      listing(`${end}${row("a").replace("<ETag>", `${"<a>b</a>".repeat(60)}<ETag>`)}${row("b")}`),
    ],
    [
      "with rows of many kinds",
      listing(`${end}${row("a")}\n ${row("b")}${object("c")}${row("d")}${folder("e/")}`),
    ],
    [
      "with a size before the key",
      listing(`${end}<Contents><Size>1</Size><Key>a</Key></Contents>${row("b")}`),
    ],
    ["of one folder", listing(folder("a/") + end)],
    ["without a declaration", listing(end + object("a")).slice(head.length)],
  ])("%s says what the SDK reads in it", async (_name, document) => {
    const read = await sdkReads(document).send(new ListObjectsV2Command({ Bucket: "b" }));
    const { IsTruncated, NextContinuationToken, Contents = [], CommonPrefixes = [] } = read;
    expect(readListing(document)).toEqual({
      IsTruncated,
      ...(NextContinuationToken === undefined ? {} : { NextContinuationToken }),
      Contents: Contents.map(({ Key, Size }) => ({ Key, Size })),
      CommonPrefixes: CommonPrefixes.map(({ Prefix }) => ({ Prefix })),
    });
  });

  test.each([
    [
      "that is cut, wherever",
      ...Array.from({ length: full.length - 1 }, (_, length) => full.slice(0, length)),
    ],
    [
      "as S3 writes it, that is cut, wherever",
      ...Array.from({ length: asS3.length - 1 }, (_, length) => asS3.slice(0, length)),
    ],
    ["whose rows lie deeper", listing(`${end}<Versions>${row("a")}</Versions>`)],
    ["with a comment around its rows", listing(`${end}<!-- ${row("a")} -->`)],
    ["with CDATA around its rows", listing(`${end}<![CDATA[${row("a")}]]>`)],
    ["with a row whose tags do not match", listing(end + row("a").replace("</ETag>", "</Etag>"))],
    ["with a line end of another kind in a row", listing(end + row("a\rb"))],
    ["with an entity of its own in a row", listing(end + row("a&nbsp;b"))],
    [
      "with a row after one that is written otherwise",
      listing(`${end}<Contents xmlns="">${row("a").slice("<Contents>".length)}${row("b")}`),
    ],
    [
      "with two keys, or two sizes, in a row",
      ...["<Key>b</Key>", "<Size>1</Size>"].flatMap((more) => [
        listing(end + row("a").replace("<ETag>", `${more}<ETag>`)),
        listing(end + row("a").replace("</Contents>", `${more}</Contents>`)),
        listing(end + row("a").replace("<Contents>", `<Contents>${more}`)),
      ]),
    ],
    ["that is nothing but a row", row("a"), head + row("a")],
    ["with a comment", listing(`<!-- -->${end}`)],
    ["with CDATA", listing(`${end}<Contents><Key><![CDATA[a]]></Key><Size>1</Size></Contents>`)],
    ["with a doctype", `<!DOCTYPE a>${listing(end)}`],
    ["with a line end of another kind", listing(`${end}\r\n`)],
    ["with an entity of its own", listing(end + object("&nbsp;")), listing(end + object("&constructor;"))],
    ["with an ampersand that ends nowhere", listing(end + object("a & b")), listing(end + object("&lt"))],
    [
      "with a character that there is not",
      listing(end + object("&#0;")),
      listing(end + object("&#x110000;")),
    ],
    ["with text between elements", listing(`${end}text`), listing(`text${end}`)],
    ["with tags that do not match", listing("<IsTruncated>false</IsTruncate>"), listing(`${end}</a>`)],
    ["with something after its end", `${listing(end)}<a/>`, `${listing(end)}text`],
    [
      "that is another document",
      "<html><body>hello</body></html>",
      `${head}<Error><Code>a</Code></Error>`,
      "",
      "{}",
    ],
    [
      "that says not whether it is the last",
      listing(object("a")),
      listing("<IsTruncated/>"),
      listing(end + end),
    ],
    ["with encoded keys", listing(`${end}<EncodingType>url</EncodingType>`)],
    [
      "of an object without a key or a size",
      listing(`${end}<Contents><Key>a</Key></Contents>`),
      listing(`${end}<Contents><Size>1</Size></Contents>`),
    ],
    [
      "of an object with two keys, or a size that is none",
      listing(`${end}<Contents><Key>a</Key><Key>b</Key><Size>1</Size></Contents>`),
      listing(`${end}<Contents><Key>a</Key><Size>1e3</Size></Contents>`),
    ],
    ["of a folder without a name", listing(`${end}<CommonPrefixes/>`)],
  ])("%s is the SDK's to read", (_name, ...documents) => {
    expect(documents.filter((document) => readListing(document) !== undefined)).toEqual([]);
  });

  test("that only the SDK can read is read by it, and nothing is sent again", async () => {
    const page = listing(`${end}<Contents><Key><![CDATA[job/a]]></Key><Size>7</Size></Contents>`);
    await using server = await scriptedServer(respondWith(200, page));
    const store = server.store();
    await expect(pagesOf(store.list(""))).resolves.toEqual([
      { objects: [{ key: "a", size: 7 }], prefixes: [] },
    ]);
    expect(store.requestPath).toBe("direct");
    expect(server.requests).toHaveLength(1);
  });
});

describe("a response to a delete", () => {
  const deleted = `${head}<DeleteResult>${names.map((name) => `<Deleted><Key>${name}</Key></Deleted>`).join("")}</DeleteResult>`;

  test.each([
    ["as S3 writes it", deleted],
    ["of a bucket with versions", deleted.replaceAll("</Key>", "</Key><DeleteMarker>true</DeleteMarker>")],
    ["with something nested", deleted.replace("</Key>", "</Key><a><b/></a>")],
    ["of nothing", `${head}<DeleteResult></DeleteResult>`],
  ])("%s names what the SDK reads in it", async (_name, document) => {
    const command = new DeleteObjectsCommand({ Bucket: "b", Delete: { Objects: [{ Key: "a" }] } });
    const { Deleted = [] } = await sdkReads(document).send(command);
    expect([...(readDeleted(document) ?? [])]).toEqual(Deleted.map(({ Key }) => Key));
  });

  test.each([
    ["with an error", deleted.replace("</DeleteResult>", "<Error><Key>a</Key></Error></DeleteResult>")],
    ["with an error before", deleted.replace("<Deleted>", "<Error><Key>a</Key></Error><Deleted>")],
    ["with two keys in one", deleted.replace("</Deleted>", "<Key>b</Key></Deleted>")],
    ["with an entity of its own", deleted.replace("a b", "a&nbsp;b")],
    ["without a key", deleted.replace("</DeleteResult>", "<Deleted/></DeleteResult>")],
    [
      "whose names lie deeper",
      deleted
        .replaceAll("DeleteResult>", "a>")
        .replace("<a>", "<DeleteResult><a>")
        .replace("</a>", "</a></DeleteResult>"),
    ],
    ["that is another document", full],
    ["that is cut", deleted.slice(0, -3)],
  ])("%s is the SDK's to read", (_name, document) => {
    expect(readDeleted(document)).toBeUndefined();
  });

  test("of which the SDK has read an error fails for that key alone, and nothing is sent again", async () => {
    const errors = `<Deleted><Key>job/a</Key></Deleted><Error><Key>job/b</Key><Code>AccessDenied</Code></Error>`;
    await using server = await scriptedServer(
      respondWith(200, `${head}<DeleteResult>${errors}</DeleteResult>`),
    );
    const failures = await server.store().delete(["a", "b"]);
    expect(failures).toMatchObject([{ key: "b", error: { code: "Denied" } }]);
    expect(server.requests).toHaveLength(1);
  });
});

test("an element that has children has no text but space", () => {
  expect(readXml("<a> <b/>\n<c x='1'>d</c> </a>")).toEqual({
    name: "a",
    text: "",
    children: [
      { name: "b", text: "", children: [] },
      { name: "c", text: "d", children: [] },
    ],
  });
});

test.each([
  ["text after an element", "<a><b>c</b>d</a>"],
  ["text before an element", "<a>d<b>c</b></a>"],
  ["text after the root", "<a><b>c</b></a>d"],
  ["an end too many", "<a><b/></b></a>"],
  ["an end that is missing", "<a><b>c</a>"],
  ["an element in two others of its name", "<b><b><b>c</b></b></b>"],
])("%s is not read", (_name, document) => {
  expect(readXml(document)).toBeUndefined();
});

/** What the SDK makes of a response with this body. */
function sdkReads(document: string): { readonly send: S3Client["send"] } {
  const body = Readable.from([Buffer.from(document)]);
  const handle = async (): Promise<unknown> => ({ response: { statusCode: 200, headers: {}, body } });
  return new S3Client({
    region: "us-east-1",
    credentials: { accessKeyId: "id", secretAccessKey: "key" },
    requestHandler: { handle } as never,
  });
}
