/** Every command of `state`, run as a process on the clouds' servers: `pnpm test:servers` runs it. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenPlace } from "../src/place.ts";
import { onAzurite, onFakeGcsServer, onMinio } from "../src/servers.ts";
import { Job, urlBelow } from "./job.ts";

const places = [onMinio, onFakeGcsServer, onAzurite];
const lacking = (await Promise.all(places.map((place) => place.lacks()))).find((why) => why !== undefined);
const hint = lacking === undefined ? "" : ` (not run: ${lacking})`;

describe.skipIf(lacking !== undefined)(`the command on servers${hint}`, { timeout: 900_000 }, () => {
  const opened = new Map<string, OpenPlace>();
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "state-commands-"));
    for (const place of places) opened.set(place.name, await place.open());
    // The stores that the test opens itself find them as the command does.
    Object.assign(process.env, env());
  }, 300_000);

  afterAll(async () => {
    await Promise.all([...opened.values()].map((place) => place.close()));
    await rm(folder, { recursive: true });
  });

  function env(): Record<string, string> {
    const all = [...opened.values()].map((place) => place.env);
    // A process compiles what the first one has not.
    return Object.assign({ NODE_COMPILE_CACHE: join(folder, "compiled") }, ...all) as Record<string, string>;
  }

  function placeOf(name: string): OpenPlace {
    const place = opened.get(name);
    if (place === undefined) throw new Error(`${name} was not started`);
    return place;
  }

  const names = places.map(({ name }) => name);

  test.concurrent.for(names)("on %s each that looks says what was sealed", async (name) => {
    const job = await Job.begin(placeOf(name), "looks", env());
    const [first = 0, second, third] = job.epochs;
    const html = join(folder, `${name}.html`);
    const ls = await job.state("ls");
    const show = await job.state("show", "latest");
    const diff = await job.state("diff", String(first), "latest");
    const leaders = await job.state("leaders");
    const pins = await job.state("pins");
    const watch = await job.state("watch", "--count", "1");
    const verify = await job.state("verify", "--deep");
    const report = await job.state("report", "--deep", "--html", html);
    const doctor = await job.state("doctor", "--yes");
    const all = [ls, show, diff, leaders, pins, watch, verify, report];
    expect(all.map(({ code, errors }) => [code, errors])).toEqual(all.map(() => [0, ""]));
    expect(ls.values[0]).toMatchObject({ type: "control", fence: 3, floor: 0, vnodeCapacity: 4 });
    expect(ls.values.filter(({ state }) => state === "sealed")).toMatchObject([
      { epoch: first, committer: "node-1", vnodes: 4 },
      { epoch: second, committer: "node-2", vnodes: 4 },
      { epoch: third, committer: "node-3", vnodes: 4 },
    ]);
    expect(show.values).toMatchObject([{ epoch: third, state: "sealed", missing: [] }]);
    expect(diff.values[0]?.["changes"]).toMatchObject([{ vnode: 0 }, { vnode: 1 }]);
    expect(leaders.values[0]).toMatchObject({ version: 3, instanceId: "node-3", leads: true });
    expect(pins.values).toEqual([]);
    expect(watch.values).toMatchObject([{ epoch: third, committer: "node-3" }]);
    expect(verify.values.at(-1)).toMatchObject({ type: "end", sound: true });
    expect(report.values).toMatchObject([{ type: "report", sound: true, deep: true }]);
    expect(existsSync(html)).toBe(true);
    expect(await readFile(html, "utf8")).toContain(job.url.split("?")[0]);
    const found = doctor.values.filter(({ outcome }) => outcome !== "ok");
    // Azure shows its lifecycle rules to nobody who only reads and writes blobs.
    const hidden = name === "Azurite" ? [{ check: "lifecycle", outcome: "unknown" }] : [];
    expect([doctor.code, found]).toMatchObject([0, hidden]);
  });

  test.concurrent.for(names)("on %s each that changes does what it says", async (name) => {
    const job = await Job.begin(placeOf(name), "changes", env());
    const [first = 0, second = 0, third = 0] = job.epochs;
    const pin = await job.state("pin", String(first), "savepoint", "--yes");
    expect([pin.code, pin.errors]).toEqual([0, ""]);
    expect((await job.state("pins")).values).toMatchObject([{ epoch: first, name: "savepoint" }]);
    const plan = await job.state("prune", "--keep", "1", "--dry-run");
    expect(plan.values).toMatchObject([{ dryRun: true, floor: third }]);
    const pruned = await job.state("prune", "--keep", "1", "--yes");
    expect([pruned.code, pruned.values]).toMatchObject([0, [{ dryRun: false, floor: third, failed: [] }]]);
    expect((await job.state("show", String(second))).values).toMatchObject([{ state: "pruned" }]);
    expect((await job.state("show", "pin:savepoint")).values).toMatchObject([{ epoch: first }]);
    const unpin = await job.state("unpin", "savepoint", "--yes");
    expect([unpin.code, unpin.values]).toEqual([0, [{ name: "savepoint", epochs: [first] }]]);
    const abort = await job.state("abort", String(third + 1), "--yes");
    expect([abort.code, abort.values]).toEqual([0, [{ epoch: third + 1, state: "void" }]]);
    const takeover = await job.state("takeover", "--yes", "--as", "on call");
    expect(takeover.values).toMatchObject([{ version: 4, base: third }]);
    expect((await job.state("leaders")).values[0]).toMatchObject({ version: 4, instanceId: "on call" });
    expect((await job.state("abort", String(third), "--yes")).code).toBe(5);
  });

  test.concurrent.for(names)("on %s it goes past damage", async (name) => {
    const job = await Job.begin(placeOf(name), "damage", env());
    await job.overwrite(`epoch=${job.newest}/_COMMIT`, "an error page");
    const damaged = await job.state("verify");
    expect(damaged.code).toBe(1);
    expect(damaged.values.map(({ kind }) => kind)).toContain("seal-damaged");
    expect((await job.state("takeover", "--yes")).code).toBe(1);
    const given = await job.state("recover", "--give-up", String(job.newest), "--yes");
    expect([given.code, given.values]).toMatchObject([0, [{ epoch: job.newest }]]);
    expect((await job.state("show", String(job.newest))).values).toMatchObject([{ state: "given-up" }]);
    await job.remove("_control/namespace");
    expect((await job.state("ls")).code).toBe(1);
    const recovered = await job.state("recover", "--vnodes", "4", "--yes");
    expect([recovered.code, recovered.errors]).toEqual([0, ""]);
    expect((await job.state("ls")).values[0]).toMatchObject({ type: "control", vnodeCapacity: 4 });
  });

  test.concurrent.for([
    ["MinIO", "fake-gcs-server"],
    ["fake-gcs-server", "Azurite"],
    ["Azurite", "MinIO"],
  ] as const)("what is copied from %s to %s verifies against it", async ([from, to]) => {
    const job = await Job.begin(placeOf(from), "original", env());
    const target = urlBelow(placeOf(to), "copy");
    const copied = await job.state("copy", target, "--yes");
    expect([copied.code, copied.errors]).toEqual([0, ""]);
    const same = await job.stateOn(target, "verify", "--deep", "--against", job.url);
    expect([same.code, same.values.at(-1)]).toMatchObject([0, { type: "end", sound: true }]);
    // What the original has sealed since, the copy lacks.
    const epoch = await job.seal(4);
    const behind = await job.stateOn(target, "verify", "--against", job.url);
    expect([behind.code, behind.values]).toMatchObject([1, [{ kind: "copy-missing", epoch }, {}]]);
    expect((await job.state("copy", target, "--yes")).code).toBe(0);
    expect((await job.stateOn(target, "verify", "--against", job.url)).code).toBe(0);
  });
});
