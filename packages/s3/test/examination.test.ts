import { Agent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";
import { UndiciHttpHandler } from "@smithy/undici-http-handler";
import type { Remark } from "@state/core";
import { type S3Double, type S3DoubleOptions, startS3Double } from "@state/servers";
import { respondWith, startScriptedServer } from "@state/servers/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  agentConnections,
  type Connections,
  connectionsOfClient,
  undiciConnections,
} from "../src/connections.ts";
import { S3Store, type S3StoreOptions } from "../src/index.ts";
import { proxyRemarks } from "../src/examination/client.ts";
import { configOf } from "./support/target.ts";

const started: S3Double[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((double) => double.stop()));
});

async function start(
  options: S3DoubleOptions = {},
  more: Partial<S3StoreOptions> = {},
): Promise<{ readonly double: S3Double; readonly store: S3Store }> {
  const double = await startS3Double(options);
  started.push(double);
  const store = new S3Store({ bucket: "bucket", prefix: "jobs/a", clientConfig: configOf(double), ...more });
  return { double, store };
}

async function examined(
  configuration: S3DoubleOptions["configuration"],
  more: Partial<S3StoreOptions> = {},
): Promise<readonly Remark[]> {
  const { store } = await start({ configuration }, more);
  return store.examine();
}

function about(remarks: readonly Remark[], ...matters: readonly string[]): readonly Remark[] {
  return remarks.filter((remark) => matters.includes(remark.about));
}

const put = "aws s3api put-bucket-lifecycle-configuration --bucket bucket --lifecycle-configuration";
const oldVersions = {
  ID: "state-old-versions",
  Status: "Enabled",
  Filter: { Prefix: "jobs/a/" },
  Expiration: { ExpiredObjectDeleteMarker: true },
  NoncurrentVersionExpiration: { NoncurrentDays: 1 },
};

test("a bucket with nothing turned on: five requests, and all is well", async () => {
  const { store, double } = await start();
  await store.create("a", new Uint8Array(1));
  const before = double.requests.length;
  expect(await store.examine()).toEqual([
    { about: "bucket", outcome: "ok", message: "bucket is a general purpose bucket, in us-east-1" },
    { about: "versioning", outcome: "ok", message: "it was never turned on" },
    { about: "lifecycle", outcome: "ok", message: "there are no rules" },
    { about: "object lock", outcome: "ok", message: "it is off" },
    {
      about: "storage class",
      outcome: "ok",
      message: "new objects go to STANDARD; of the first 1 are 1 in STANDARD",
    },
    { about: "clock", outcome: "ok", message: "it agrees with the service's, to a minute" },
    { about: "request path", outcome: "ok", message: "requests are signed and sent by the store itself" },
  ]);
  const asked = double.requests.slice(before).map(({ method, query }) => `${method} ${[...query.keys()][0]}`);
  expect(asked.toSorted()).toEqual([
    "GET lifecycle",
    "GET list-type",
    "GET object-lock",
    "GET versioning",
    "HEAD undefined",
  ]);
});

describe("versioning", () => {
  test("without a rule for old versions costs, and the line adds one to the rules that are there", async () => {
    const rule = { ID: "logs", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 7 } };
    const [remark] = about(await examined({ versioning: "Enabled", lifecycle: [rule] }), "versioning");
    expect(remark).toMatchObject({
      outcome: "warning",
      message: "it is on, and no rule takes old versions: what is pruned stays, and is paid for",
    });
    expect(rulesIn(remark)).toEqual([rule, oldVersions]);
  });

  test("beside a rule that does harm has the same line, which mends both", async () => {
    const rule = { ID: "all", Status: "Enabled", Filter: { Prefix: "" }, Expiration: { Days: 7 } };
    const remarks = await examined({ versioning: "Enabled", lifecycle: [rule] });
    const [versioning, lifecycle] = about(remarks, "versioning", "lifecycle");
    expect(rulesIn(versioning)).toEqual([{ ...rule, Status: "Disabled" }, oldVersions]);
    expect(lifecycle?.next).toBe(versioning?.next);
  });

  test("with such a rule is fine", async () => {
    expect(about(await examined({ versioning: "Enabled", lifecycle: [oldVersions] }), "versioning")).toEqual([
      {
        about: "versioning",
        outcome: "ok",
        message: "it is on, and a lifecycle rule takes what was pruned after 1 more days",
      },
    ]);
  });

  test("that is suspended leaves versions from before", async () => {
    expect(about(await examined({ versioning: "Suspended" }), "versioning")).toEqual([
      {
        about: "versioning",
        outcome: "warning",
        message: "it is suspended: versions from before stay, and are paid for",
        next: `${put} '${JSON.stringify({ Rules: [oldVersions] })}'`,
      },
    ]);
  });
});

/** The rules of the command that mends them. */
function rulesIn(remark: Remark | undefined): unknown {
  const { next = "" } = remark ?? {};
  expect(next).toContain(put);
  return (JSON.parse(/'(.*)'$/.exec(next)?.[1] ?? "") as { readonly Rules: unknown }).Rules;
}

const rule = (filter: object, action: object): object => ({
  ID: "cleanup",
  Status: "Enabled",
  Filter: filter,
  ...action,
});

describe("a lifecycle rule", () => {
  const expires = { Expiration: { Days: 30 } };

  test.each(["", "jobs/", "jobs/a/", "jobs/a/epoch=1"])(
    "that deletes by age under %j is a failure, and the line turns it off alone",
    async (prefix) => {
      const others = { ID: "logs", Status: "Enabled", Filter: { Prefix: "logs/" }, ...expires };
      const lifecycle = [rule({ Prefix: prefix }, expires), others];
      const [remark] = about(await examined({ lifecycle }), "lifecycle");
      expect(remark).toEqual({
        about: "lifecycle",
        outcome: "failed",
        message: `the rule cleanup for ${JSON.stringify(prefix)} deletes objects after 30 days: newer epochs name objects of any age, and cannot be restored without them`,
        next: expect.any(String),
      });
      expect(rulesIn(remark)).toEqual([{ ...lifecycle[0], Status: "Disabled" }, others]);
    },
  );

  test.each([
    ["is for another prefix", rule({ Prefix: "jobs/b/" }, expires)],
    ["is turned off", { ...rule({ Prefix: "" }, expires), Status: "Disabled" }],
    ["takes only old versions", rule({ Prefix: "" }, { NoncurrentVersionExpiration: { NoncurrentDays: 3 } })],
    ["takes only delete markers", rule({ Prefix: "" }, { Expiration: { ExpiredObjectDeleteMarker: true } })],
    ["ends uploads", rule({ Prefix: "" }, { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } })],
  ])("that %s does no harm", async (_, harmless) => {
    expect(about(await examined({ lifecycle: [harmless] }), "lifecycle")).toEqual([
      { about: "lifecycle", outcome: "ok", message: "none of 1 rules deletes or moves what is stored" },
    ]);
  });

  test("that archives is a failure, and one that moves to a class of a higher price is a warning", async () => {
    const lifecycle = [
      rule({ Prefix: "jobs/" }, { Transition: { Days: 90, StorageClass: "DEEP_ARCHIVE" } }),
      rule({ Prefix: "jobs/" }, { Transition: { Days: 30, StorageClass: "STANDARD_IA" } }),
    ];
    expect(about(await examined({ lifecycle }), "lifecycle")).toMatchObject([
      {
        outcome: "failed",
        message:
          'the rule cleanup for "jobs/" moves objects to DEEP_ARCHIVE after 90 days: a get of them fails until they are restored',
      },
      {
        outcome: "warning",
        message:
          'the rule cleanup for "jobs/" moves objects to STANDARD_IA: they can be read, reads cost more, and what is pruned early is paid for longer',
      },
    ]);
  });

  test("for a tag is a failure if the store gives that tag, else a warning", async () => {
    const lifecycle = [rule({ And: { Prefix: "jobs/", Tag: [{ Key: "keep", Value: "short" }] } }, expires)];
    expect(about(await examined({ lifecycle }), "lifecycle")).toMatchObject([
      { outcome: "warning", message: expect.stringMatching(/, if the job gives them the tags keep=short$/) },
    ]);
    expect(about(await examined({ lifecycle }, { tags: { keep: "short" } }), "lifecycle")).toMatchObject([
      { outcome: "failed" },
    ]);
  });
});

test("a default retention of object lock costs, and the line takes it away", async () => {
  const objectLock = { Rule: { DefaultRetention: { Mode: "COMPLIANCE", Days: 30 } } };
  expect(about(await examined({ objectLock }), "object lock")).toEqual([
    {
      about: "object lock",
      outcome: "warning",
      message:
        "what is created is locked for 30 days (COMPLIANCE): prunes succeed, and what they delete stays that long as a version, and is paid for",
      next: `aws s3api put-object-lock-configuration --bucket bucket --object-lock-configuration '{"ObjectLockEnabled":"Enabled"}'`,
    },
  ]);
});

test("object lock without a default retention is fine", async () => {
  expect(about(await examined({ objectLock: {} }), "object lock")).toEqual([
    { about: "object lock", outcome: "ok", message: "it is on, without a default retention" },
  ]);
});

test("objects in an archive are a failure, and so is a store that creates them there", async () => {
  const { store } = await start({ configuration: { storageClass: "GLACIER" } });
  await store.create("epoch=1/_COMMIT", new Uint8Array(1));
  expect(about(await store.examine(), "storage class")).toEqual([
    {
      about: "storage class",
      outcome: "failed",
      message:
        "of the first 1 objects there are 1 in GLACIER: a get of an archived one fails until it is restored",
      next: `aws s3api restore-object --bucket bucket --key jobs/a/epoch=1/_COMMIT --restore-request '{"Days":7}': and so each of them`,
    },
  ]);
  expect(about(await examined({}, { storageClass: "DEEP_ARCHIVE" }), "storage class")).toEqual([
    {
      about: "storage class",
      outcome: "failed",
      message: "what is created goes to DEEP_ARCHIVE: no get of it succeeds until it is restored",
      next: 'new S3Store({ bucket, storageClass: "STANDARD" })',
    },
  ]);
});

test("a directory bucket is told from a general purpose one", async () => {
  expect(about(await examined({ isDirectory: true }), "bucket")).toMatchObject([
    {
      outcome: "failed",
      message:
        "bucket is a directory bucket (AvailabilityZone): it lists keys in no order, and checkpoints need byte order",
    },
  ]);
});

test("what the credentials may not see is told with its permission, and is no failure", async () => {
  const { store } = await start({
    refuse: ({ query, method }) =>
      method === "HEAD" || ["versioning", "lifecycle", "object-lock"].some((name) => query.has(name))
        ? { status: 403, code: "AccessDenied", message: "Access Denied." }
        : undefined,
  });
  const remarks = about(await store.examine(), "bucket", "versioning", "lifecycle", "object lock");
  expect(remarks).toEqual(
    [
      ["bucket", "s3:ListBucket"],
      ["versioning", "s3:GetBucketVersioning"],
      ["lifecycle", "s3:GetLifecycleConfiguration"],
      ["object lock", "s3:GetBucketObjectLockConfiguration"],
    ].map(([matter, permission]) => ({
      about: matter,
      outcome: "unknown",
      message: `not permitted to look: ${permission} is missing`,
      next: `Allow ${permission} on arn:aws:s3:::bucket, if you want to see it: checkpoints do not need it`,
    })),
  );
});

test("rules that cannot be seen may take old versions", async () => {
  const { store } = await start({
    configuration: { versioning: "Enabled" },
    refuse: ({ query }) =>
      query.has("lifecycle") ? { status: 403, code: "AccessDenied", message: "Access Denied." } : undefined,
  });
  expect(about(await store.examine(), "versioning")).toMatchObject([
    {
      outcome: "warning",
      message: expect.stringMatching(/, unless a lifecycle rule that cannot be seen takes them$/),
    },
  ]);
});

test("a service that does not know such requests is told as such", async () => {
  const { store } = await start({
    refuse: ({ query }) =>
      query.has("object-lock")
        ? { status: 501, code: "NotImplemented", message: "not implemented" }
        : undefined,
  });
  expect(about(await store.examine(), "object lock")).toEqual([
    {
      about: "object lock",
      outcome: "unknown",
      message: "the service does not say: it does not know the request (NotImplemented)",
    },
  ]);
});

test.each([
  ["ahead of", -600_000],
  ["behind", 600_000],
])("a clock that is %s the service's is told", async (where, offset) => {
  const { store } = await start({ now: () => Date.now() + offset });
  expect(about(await store.examine(), "clock")).toMatchObject([
    {
      outcome: "warning",
      message: expect.stringMatching(
        new RegExp(`^this clock is (?:599|600|601) s ${where} the service's: S3 refuses what is signed`),
      ),
      next: "sudo timedatectl set-ntp true",
    },
  ]);
});

test("a request path that is not the direct one is told with its reason", async () => {
  expect(about(await examined({}, { directRequests: false }), "request path")).toEqual([
    {
      about: "request path",
      outcome: "warning",
      message:
        "requests go through the SDK's pipeline, which takes several times the CPU: `directRequests` is false",
      next: "new S3Store({ bucket, prefix, clientConfig: { region } }), without what the reason names",
    },
  ]);
  expect(about(await examined({}), "request path")).toMatchObject([{ outcome: "unknown" }]);
});

test("proxies of the environment are not heeded, unless the client's agent has them", async () => {
  expect(proxyRemarks(false, {})).toEqual([]);
  const environment = { HTTPS_PROXY: "http://proxy:3128", no_proxy: "localhost" };
  const remarksOf = ({ heedsProxies }: Connections): readonly Remark[] =>
    proxyRemarks(heedsProxies(), environment);
  const own = await undiciConnections();
  for (const connections of [own, agentConnections({})]) {
    expect(remarksOf(connections)).toMatchObject([
      {
        outcome: "ok",
        message: "HTTPS_PROXY, no_proxy are set, and not heeded: requests go straight to the service",
        next: expect.stringContaining("proxyEnv: process.env"),
      },
    ]);
  }
  const httpsAgent = Object.assign(new Agent(), { options: { proxyEnv: environment } });
  expect(remarksOf(agentConnections({ httpsAgent }))).toMatchObject([
    { outcome: "ok", message: expect.stringContaining("and heeded") },
  ]);
  class ProxyAgent extends Agent {}
  expect(remarksOf(agentConnections({ httpsAgent: new ProxyAgent() }))).toMatchObject([
    { outcome: "unknown" },
  ]);
  const requestHandler = new UndiciHttpHandler();
  const client = new S3Client({ region: "us-east-1", requestHandler });
  expect(remarksOf(connectionsOfClient(client))).toMatchObject([{ outcome: "unknown" }]);
});

test("a proxy of the environment gets no request of the store", async () => {
  await using proxy = await startScriptedServer(respondWith(502));
  vi.stubEnv("HTTP_PROXY", proxy.endpoint);
  vi.stubEnv("http_proxy", proxy.endpoint);
  const remarks = await examined({});
  expect(about(remarks, "proxy")).toMatchObject([{ message: expect.stringContaining("not heeded") }]);
  expect(proxy.requests).toEqual([]);
});

test("no remark is made of an abort: it rejects with the signal's reason", async () => {
  const { store } = await start();
  const reason = new Error("enough");
  await expect(store.examine({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("a service that is not there is unknown in everything, and rejects nothing", async () => {
  const { store, double } = await start();
  await double.stop();
  started.splice(0);
  const remarks = about(await store.examine(), "bucket", "versioning", "lifecycle", "object lock", "clock");
  expect(remarks.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => "unknown"));
});
