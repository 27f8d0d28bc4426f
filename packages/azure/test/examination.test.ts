import type { Remark } from "@state/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AzureStore } from "../src/index.ts";
import { created, errorResponse, page, type Script, scriptedServer, xml } from "./support/scripted-server.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

interface Surroundings {
  readonly account?: Script;
  readonly container?: Script;
  readonly service?: Script;
  readonly list?: Script;
}

function head(headers: Readonly<Record<string, string>>): Script {
  return (response) => {
    response.writeHead(200, { "x-ms-request-id": "1", ...headers }).end();
  };
}

function properties(content: string): Script {
  return xml(`<?xml version="1.0"?><StorageServiceProperties>${content}</StorageServiceProperties>`);
}

const plain = {
  account: head({ "x-ms-is-hns-enabled": "false", "x-ms-account-kind": "StorageV2" }),
  container: head({ "x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false" }),
  service: properties("<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>"),
  list: page(["jobs/a/epoch=1/_COMMIT"], ""),
};

async function examined(
  surroundings: Surroundings,
  options: { readonly directRequests?: boolean; readonly before?: boolean } = {},
): Promise<{ readonly remarks: readonly Remark[]; readonly asked: readonly string[] }> {
  const { account, container, service, list } = { ...plain, ...surroundings };
  await using server = await scriptedServer((response, received) => {
    const { url, method } = received;
    if (method === "PUT") created(response, received);
    else if (url.includes("restype=service")) service(response, received);
    else if (url.includes("comp=list")) list(response, received);
    else container(response, received);
  });
  server.describeAccountWith(account);
  const store = new AzureStore({
    container: server.container(),
    prefix: "jobs/a",
    directRequests: options.directRequests,
  });
  if (options.before === true) await store.create("a", new Uint8Array(1));
  const count = server.received.length;
  const remarks = await store.examine();
  const asked = [...server.received.slice(count), ...server.accountRequests].map(({ url }) => url);
  await store.close();
  return { remarks, asked };
}

function about(remarks: readonly Remark[], ...matters: readonly string[]): readonly Remark[] {
  return remarks.filter((remark) => matters.includes(remark.about));
}

const lifecycle = {
  about: "lifecycle",
  outcome: "unknown",
  message:
    "the rules are of the management plane, and a store's credential cannot see them: none may delete blobs by age, or archive them",
  next: "az storage account management-policy show --account-name account --resource-group GROUP: no prefixMatch may cover box/jobs/a/",
};

test("an account with nothing turned on: four requests, and all that can be seen is well", async () => {
  const { remarks, asked } = await examined({});
  expect(remarks).toEqual([
    { about: "namespace", outcome: "ok", message: "the account is flat, of the kind StorageV2" },
    {
      about: "immutability",
      outcome: "ok",
      message: "the container has no retention policy and no legal hold",
    },
    { about: "soft delete", outcome: "ok", message: "it is off" },
    { about: "versioning", outcome: "ok", message: "no blob has a version" },
    {
      about: "access tier",
      outcome: "ok",
      message: "new blobs go to the account's own tier; of the first 1 are 1 in the account's own tier",
    },
    lifecycle,
    { about: "clock", outcome: "ok", message: "it agrees with the service's, to a minute" },
    { about: "request path", outcome: "unknown", message: "nothing was created or read yet" },
  ]);
  expect(asked.map((url) => url.split("?")[0])).toHaveLength(4);
  expect(asked.find((url) => url.includes("restype=service"))).toMatch(/^\/account\/\?/);
});

const update = "az storage account blob-service-properties update --account-name account";

function blob(more: string, props = ""): Script {
  return page(
    [],
    "",
    `<Blob><Name>jobs/a/epoch=1/_COMMIT</Name>${more}<Properties><Content-Length>1</Content-Length>${props}</Properties></Blob>`,
  );
}

test.each([
  [
    { account: head({ "x-ms-is-hns-enabled": "true", "x-ms-account-kind": "StorageV2" }) },
    {
      about: "namespace",
      outcome: "failed",
      message: "the account has a hierarchical namespace, which lists in another order: no create succeeds",
      next: "az storage account create --name NAME --resource-group GROUP --kind StorageV2 --enable-hierarchical-namespace false",
    },
  ],
  [
    { container: head({ "x-ms-has-legal-hold": "true" }) },
    {
      about: "immutability",
      outcome: "warning",
      message: "the container has a legal hold: prunes fail until it is cleared",
      next: "az storage container legal-hold clear --account-name account --container-name box --tags TAG",
    },
  ],
  [
    { container: head({ "x-ms-has-immutability-policy": "true" }) },
    {
      about: "immutability",
      outcome: "warning",
      message: "the container has a retention policy: prunes fail for blobs that are younger",
      next: "az storage container immutability-policy delete --account-name account --container-name box --if-match ETAG, unless it is locked",
    },
  ],
  [
    {
      service: properties(
        "<DeleteRetentionPolicy><Enabled>true</Enabled><Days>7</Days></DeleteRetentionPolicy>",
      ),
    },
    {
      about: "soft delete",
      outcome: "warning",
      message: "it is on: what is pruned is kept, and paid for, for another 7 days",
      next: `${update} --enable-delete-retention false`,
    },
  ],
  [
    { list: blob("<VersionId>2026-01-01T00:00:00.0000000Z</VersionId>") },
    {
      about: "versioning",
      outcome: "warning",
      message:
        "blobs have versions: what is pruned stays as one, and is paid for; of the first 1 there are 1 old ones",
      next: `${update} --enable-versioning false`,
    },
  ],
  [
    { list: page([], "") },
    { about: "versioning", outcome: "unknown", message: "there is no blob yet that would show it" },
  ],
  [
    { list: blob("", "<AccessTier>Archive</AccessTier>") },
    {
      about: "access tier",
      outcome: "failed",
      message:
        "of the first 1 blobs there are 1 in Archive: a get of an archived one fails until it is rehydrated",
      next: "az storage blob set-tier --account-name account --container-name box --name jobs/a/epoch=1/_COMMIT --tier Hot: and so each of them",
    },
  ],
])("what is turned on is told with the line that mends it (%#)", async (surroundings, remark) => {
  const { remarks } = await examined(surroundings);
  expect(about(remarks, remark.about)).toEqual([remark]);
});

test("what the credential may not see is told with its action, and is no failure", async () => {
  const denied = errorResponse(403, "AuthorizationPermissionMismatch");
  const { remarks } = await examined({ account: denied, container: denied, service: denied });
  const unseen = about(remarks, "namespace", "immutability", "soft delete");
  expect(unseen.map(({ outcome, message }) => [outcome, message])).toEqual(
    ["getInfo/action", "containers/read", "read"].map((action) => [
      "unknown",
      `not permitted to look: Microsoft.Storage/storageAccounts/blobServices/${action} is missing`,
    ]),
  );
  expect(unseen[0]?.next).toMatch(/checkpoints do not need it$/);
});

describe("the request path", () => {
  test("is told once something was created", async () => {
    const { remarks } = await examined({}, { before: true });
    expect(about(remarks, "request path")).toEqual([
      { about: "request path", outcome: "ok", message: "creates and gets are made by the store itself" },
    ]);
  });

  test("that is not the direct one is told with its reason", async () => {
    const { remarks } = await examined({}, { before: true, directRequests: false });
    expect(about(remarks, "request path")).toEqual([
      {
        about: "request path",
        outcome: "warning",
        message: "requests go through the SDK's pipeline, which takes twice the CPU: directRequests is false",
        next: "new AzureStore({ accountUrl, containerName, credential: KEY, prefix }), without what the reason names",
      },
    ]);
  });
});

test.each([
  ["ahead of", -600_000],
  ["behind", 600_000],
])("a clock that is %s the service's is told", async (where, offset) => {
  const date = new Date(Date.now() + offset).toUTCString();
  const dated =
    (script: Script): Script =>
    (response, received) => {
      response.setHeader("date", date);
      script(response, received);
    };
  const { remarks } = await examined({
    account: dated(plain.account),
    container: dated(plain.container),
    service: dated(plain.service),
  });
  expect(about(remarks, "clock")).toMatchObject([
    {
      outcome: "warning",
      message: expect.stringMatching(new RegExp(`^this clock is (?:599|60[0-9]) s ${where} the service's: `)),
    },
  ]);
});

test("a proxy of the environment is told as heeded", async () => {
  vi.stubEnv("no_proxy", "127.0.0.1");
  const { remarks } = await examined({});
  expect(about(remarks, "proxy")).toMatchObject([
    { outcome: "ok", message: expect.stringMatching(/no_proxy (is|are) set, and heeded: /) },
  ]);
});

test("an abort rejects with its reason", async () => {
  await using server = await scriptedServer(created);
  const store = new AzureStore({ container: server.container() });
  const reason = new Error("enough");
  await expect(store.examine({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
