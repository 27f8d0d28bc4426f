/** The IAM policy of the README, tried on the policy engine of MinIO. */
import { resolve } from "node:path";
import { isStoreError, ObjectStoreBackend, type ObjectStore } from "@state/core";
import { backendConformance, type Runner, storeConformance } from "@state/core/conformance";
import { assumeRole, createBucket, isInstalled, minio, startMinio, type S3Server } from "@state/servers";
import { openReadme, serialRunner } from "@state/servers/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { S3Store } from "../src/index.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string;
}

interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

const readme = await openReadme(resolve(import.meta.dirname, ".."));
const policy = readme.json as Policy;
await readme[Symbol.asyncDispose]();
// As the README's policy names them.
const bucket = "my-bucket";
const prefix = "jobs/flights";

function actionsOf({ Action: actions }: Statement): readonly string[] {
  return typeof actions === "string" ? [actions] : actions;
}

/** The policy with what is left of each statement. A statement without actions is no statement. */
function without(...removed: readonly string[]): Policy {
  const statements = policy.Statement.map((statement) => ({
    ...statement,
    Action: actionsOf(statement).filter((action) => !removed.includes(action)),
  }));
  return { ...policy, Statement: statements.filter(({ Action: actions }) => actions.length > 0) };
}

let server: S3Server;

/** Stores of credentials that may do what the policy allows. */
async function storesUnder(allowed: Policy): Promise<(path: string) => S3Store> {
  const { endpoint, region } = server;
  const credentials = await assumeRole(server, allowed);
  const clientConfig = { endpoint, region, credentials, forcePathStyle: true };
  return (path) => new S3Store({ bucket, prefix: path, clientConfig });
}

/** The first of the cases that fails, and the code of the store's error. */
async function firstFailure(ids: readonly string[], at: (path: string) => S3Store): Promise<unknown> {
  const bodies = new Map<string, () => Promise<void>>();
  const add = (name: string, body: () => Promise<void>): void =>
    void bodies.set(name.slice(0, name.indexOf(":")), body);
  const runner: Runner = { describe: (_, body) => body(), test: Object.assign(add, { skip: add }) };
  storeConformance(runner, {
    name: "S3Store",
    open: async () => at(`${prefix}/${crypto.randomUUID()}`),
    close: async (store) => store.close?.(),
  });
  for (const id of ids) {
    try {
      await bodies.get(id)?.();
    } catch (error) {
      return { id, code: codeOf(error) };
    }
  }
  return undefined;
}

/** A case that could not finish has the store's error as its cause; of a delete the message shows the failures. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return isStoreError(error.cause) ? error.cause.code : /"code":"(\w+)"/.exec(error.message)?.[1];
}

// Without MinIO all are skipped by name: `pnpm servers` installs it.
describe.skipIf(!isInstalled(minio))("the policy of the README, on MinIO's policy engine", () => {
  let full: (path: string) => S3Store;

  beforeAll(async () => {
    server = await startMinio();
    await createBucket(server, bucket);
    full = await storesUnder(policy);
  });
  afterAll(() => server.stop());

  const paths = new WeakMap<ObjectStore, string>();
  const at = (path: string): ObjectStore => {
    const store = full(path);
    paths.set(store, path);
    return store;
  };
  const harness = {
    name: "S3Store, with what the policy allows",
    open: async (): Promise<ObjectStore> => at(`${prefix}/${crypto.randomUUID()}`),
    reopen: async (store: ObjectStore): Promise<ObjectStore> => at(paths.get(store) ?? "none"),
    close: async (store: ObjectStore): Promise<void> => store.close?.(),
  };
  storeConformance(serialRunner, harness);
  backendConformance(serialRunner, harness);

  /** Of the suite, in its order: one for each operation, and a get of what is absent. */
  const cases = ["create.exists", "get.absent", "list.delimiter", "delete.gone"];

  test("whole fails none of the cases by which the others are told", async () => {
    expect(await firstFailure(cases, full)).toBeUndefined();
  });

  test.each([
    [["s3:PutObject"], "create.exists"],
    [["s3:GetObject"], "create.exists"],
    [["s3:DeleteObject"], "delete.gone"],
    // Amazon S3 would fail get.absent: to whoever may not list, it denies what is absent. MinIO says that it is absent.
    [["s3:ListBucket"], "list.delimiter"],
    [["s3:PutObject", "s3:GetObject", "s3:DeleteObject"], "create.exists"],
  ])("without %j fails %s, by Denied", async (removed, id) => {
    expect(await firstFailure(cases, await storesUnder(without(...removed)))).toEqual({ id, code: "Denied" });
  });

  test("names nothing else, so that each action was taken out", () => {
    const named = policy.Statement.flatMap(actionsOf);
    expect(named).toEqual(["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket"]);
  });

  test("gives no access to what is beside the prefix", async () => {
    const beside = full("jobs/other");
    await expect(beside.create("a/b", new Uint8Array(1))).rejects.toMatchObject({ code: "Denied" });
    await expect(beside.get("a/b")).rejects.toMatchObject({ code: "Denied" });
    expect(await beside.delete(["a/b"])).toMatchObject([{ key: "a/b", error: { code: "Denied" } }]);
  });

  test("without s3:PutObject and s3:DeleteObject suffices for a reader", async () => {
    const path = `${prefix}/${crypto.randomUUID()}`;
    const writer = await ObjectStoreBackend.open({
      store: full(path),
      instanceId: "writer",
      vnodeCapacity: 1,
    });
    const bytes = new Uint8Array([1, 2, 3]);
    const part = await writer.writePartial({ epoch: 0, vnode: 0, assignmentVersion: 0, bytes });
    await writer.epochComplete({ epoch: 0, parts: [part] });
    const readers = await storesUnder(without("s3:PutObject", "s3:DeleteObject"));
    const store = readers(path);
    const reader = await ObjectStoreBackend.open({
      store,
      instanceId: "reader",
      vnodeCapacity: 1,
      readOnly: true,
    });
    expect(await (await reader.latest())?.read(0)).toEqual(bytes);
    expect(await reader.sealedEpochs()).toEqual([0]);
    await expect(store.create("a/b", bytes)).rejects.toMatchObject({ code: "Denied" });
  });
});
