import type { Remark } from "@state/core";
import { type GcsDouble, type GcsDoubleOptions, startGcsDouble } from "@state/servers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { storeOn } from "./support/target.ts";

const started: GcsDouble[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((double) => double.stop()));
});

async function start(options: GcsDoubleOptions = {}): Promise<GcsDouble> {
  const double = await startGcsDouble(options);
  started.push(double);
  return double;
}

async function examined(resource: object): Promise<readonly Remark[]> {
  return storeOn(await start({ resource: { ...resource } }), "jobs/a").examine();
}

function about(remarks: readonly Remark[], ...matters: readonly string[]): readonly Remark[] {
  return remarks.filter((remark) => matters.includes(remark.about));
}

test("a bucket with nothing turned on: one request, and all is well", async () => {
  const double = await start();
  expect(await storeOn(double).examine()).toEqual([
    { about: "versioning", outcome: "ok", message: "it is off" },
    { about: "retention", outcome: "ok", message: "there is no retention policy, and no hold by default" },
    { about: "soft delete", outcome: "ok", message: "it is off" },
    { about: "storage class", outcome: "ok", message: "new objects are STANDARD" },
    { about: "namespace", outcome: "ok", message: "it is flat" },
    {
      about: "access",
      outcome: "ok",
      message: "it is fine-grained: ACLs of objects may permit more than the bucket's policy, and never less",
    },
    { about: "lifecycle", outcome: "ok", message: "there are no rules" },
    { about: "clock", outcome: "ok", message: "it agrees with the service's, to a minute" },
    {
      about: "request path",
      outcome: "ok",
      message: "what the SDK prepares is sent by Node's own client",
    },
  ]);
  expect(double.requests.map(({ method, url }) => `${method} ${url.split("?")[0]}`)).toEqual([
    "GET /storage/v1/b/bucket",
  ]);
});

const update = "gcloud storage buckets update gs://bucket";

test.each([
  [
    { versioning: { enabled: true } },
    {
      about: "versioning",
      outcome: "warning",
      message: "it is on: what is pruned stays as a noncurrent version, and is paid for",
      next: `${update} --no-versioning`,
    },
  ],
  [
    { retentionPolicy: { retentionPeriod: "2592000", effectiveTime: "2026-01-01T00:00:00Z" } },
    {
      about: "retention",
      outcome: "warning",
      message: "objects cannot be deleted for 30 days: prunes of younger epochs fail",
      next: `${update} --clear-retention-period`,
    },
  ],
  [
    { retentionPolicy: { retentionPeriod: "60", isLocked: true } },
    {
      about: "retention",
      outcome: "warning",
      message: "objects cannot be deleted for 60 s: prunes of younger epochs fail, and the policy is locked",
      next: "gcloud storage buckets create gs://NAME: a bucket without such a policy",
    },
  ],
  [
    { defaultEventBasedHold: true },
    {
      about: "retention",
      outcome: "warning",
      message: "each new object is held until somebody releases it: prunes fail",
      next: `${update} --no-default-event-based-hold`,
    },
  ],
  [
    { softDeletePolicy: { retentionDurationSeconds: "604800", effectiveTime: "2026-01-01T00:00:00Z" } },
    {
      about: "soft delete",
      outcome: "warning",
      message: "it is on: what is pruned is kept, and paid for, for another 7 days",
      next: `${update} --clear-soft-delete`,
    },
  ],
  [
    { storageClass: "ARCHIVE" },
    {
      about: "storage class",
      outcome: "warning",
      message:
        "new objects are ARCHIVE: each is paid for 365 days, however soon it is pruned, and each read costs more",
      next: `${update} --default-storage-class=STANDARD`,
    },
  ],
  [
    { autoclass: { enabled: true } },
    {
      about: "storage class",
      outcome: "ok",
      message: "new objects are STANDARD, and autoclass moves them: they can be read from every class",
    },
  ],
  [
    { hierarchicalNamespace: { enabled: true } },
    {
      about: "namespace",
      outcome: "warning",
      message:
        "it is hierarchical: no suite of this library has run on such a bucket, and folders stay when they are empty",
      next: "state certify gs://bucket/certify --yes",
    },
  ],
  [
    { iamConfiguration: { uniformBucketLevelAccess: { enabled: true } } },
    { about: "access", outcome: "ok", message: "it is uniform: the bucket's policy decides alone" },
  ],
] as const)("%j is told with the line that mends it", async (resource, remark) => {
  expect(about(await examined(resource), remark.about)).toEqual([remark]);
});

const ofRule = async (action: object, condition: object): Promise<readonly Remark[]> =>
  about(await examined({ lifecycle: { rule: [{ action, condition }] } }), "lifecycle");

describe("a lifecycle rule", () => {
  const deletes = { type: "Delete" };

  test.each([undefined, "jobs/", "jobs/a/", "jobs/a/epoch=1"])(
    "that deletes by age under %j is a failure",
    async (prefix) => {
      const condition = { age: 30, ...(prefix === undefined ? {} : { matchesPrefix: [prefix] }) };
      expect(await ofRule(deletes, condition)).toEqual([
        {
          about: "lifecycle",
          outcome: "failed",
          message:
            "rule 1 of 1 deletes objects after 30 days: newer epochs name objects of any age, and cannot be restored without them",
          next: `gcloud storage buckets describe gs://bucket --format='json(lifecycle_config)' > rules.json; take rule 1 out of it; ${update} --lifecycle-file=rules.json`,
        },
      ]);
    },
  );

  test.each([
    ["is for another prefix", deletes, { age: 30, matchesPrefix: ["jobs/b/"] }],
    ["takes noncurrent versions", deletes, { isLive: false }],
    ["takes versions that newer ones replaced", deletes, { numNewerVersions: 3 }],
    ["goes by the time of replacement", deletes, { daysSinceNoncurrentTime: 7 }],
    ["goes by a custom time", deletes, { daysSinceCustomTime: 7 }],
    ["ends uploads", { type: "AbortIncompleteMultipartUpload" }, { age: 1 }],
  ])("that %s does no harm", async (_, action, condition) => {
    expect(await ofRule(action, condition)).toEqual([
      { about: "lifecycle", outcome: "ok", message: "none of 1 rules deletes or moves what is stored" },
    ]);
  });

  test("for another class than new objects have is a warning, and so is a move", async () => {
    expect(await ofRule(deletes, { age: 9, matchesStorageClass: ["NEARLINE"] })).toMatchObject([
      {
        outcome: "warning",
        message: expect.stringMatching(/; it is for NEARLINE, which new objects are not$/),
      },
    ]);
    const moves = { type: "SetStorageClass", storageClass: "COLDLINE" };
    expect(await ofRule(moves, { createdBefore: "2026-01-01" })).toMatchObject([
      {
        outcome: "warning",
        message:
          "rule 1 of 1 moves objects to COLDLINE if they are from before 2026-01-01: they can be read, reads cost more, and what is pruned early is paid for longer",
      },
    ]);
  });
});

test("what the account may not see is told with its permission, and is no failure", async () => {
  const remarks = await storeOn(await start({ mayDescribe: false })).examine();
  const unseen = remarks.filter(({ outcome }) => outcome === "unknown");
  expect(unseen.map((remark) => remark.about)).toEqual([
    "versioning",
    "lifecycle",
    "retention",
    "soft delete",
    "storage class",
    "namespace",
    "access",
  ]);
  expect(unseen[0]).toEqual({
    about: "versioning",
    outcome: "unknown",
    message: "not permitted to look: storage.buckets.get is missing",
    next: "gcloud storage buckets add-iam-policy-binding gs://bucket --member=PRINCIPAL --role=roles/storage.bucketViewer, if you want to see it: checkpoints do not need it",
  });
  expect(about(remarks, "clock")).toMatchObject([{ outcome: "ok" }]);
});

test.each([
  ["ahead of", -600_000],
  ["behind", 600_000],
])("a clock that is %s the service's is told", async (where, offset) => {
  const double = await start({ now: () => Date.now() + offset });
  expect(about(await storeOn(double).examine(), "clock")).toMatchObject([
    {
      outcome: "warning",
      message: expect.stringMatching(new RegExp(`^this clock is (?:599|600|601) s ${where} the service's: `)),
    },
  ]);
});

test("a proxy of the environment is told as heeded", async () => {
  const double = await start();
  vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:9");
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  expect(about(await storeOn(double).examine(), "proxy")).toMatchObject([
    { outcome: "ok", message: expect.stringMatching(/^HTTPS_PROXY, NO_PROXY(, \w+)* are set, and heeded/) },
  ]);
});

test("a service that is not there rejects nothing, and an abort rejects with its reason", async () => {
  const double = await start();
  const store = storeOn(double);
  const reason = new Error("enough");
  await expect(store.examine({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await double.stop();
  started.splice(0);
  expect(await store.examine()).toMatchObject([
    {
      about: "bucket",
      outcome: "unknown",
      message: expect.stringMatching(/^it could not be asked: examine of/),
    },
    { about: "request path", outcome: "unknown", message: "nothing was sent yet" },
  ]);
});
