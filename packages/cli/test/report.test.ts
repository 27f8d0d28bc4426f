import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ObjectStore, ObjectStoreBackend } from "@state/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../src/command.ts";
import { factsOf } from "../src/report/facts.ts";
import { writeWhole } from "../src/report/file.ts";
import { pageOf as pageOfFacts } from "../src/report/page.ts";
import { Document } from "./document.ts";
import { World } from "./world.ts";

/** Where pages go. */
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "state-report-"));
  file = join(folder, "report.html");
});

afterEach(() => rm(folder, { recursive: true }));

/** The page of a store. */
async function pageOf(world: World, ...more: readonly string[]): Promise<Document> {
  await world.state(["report", world.url, "--html", file, ...more]);
  return new Document(await readFile(file, "utf8"));
}

/** The cells of an epoch that has no seal. */
function unsealed(state: string): readonly string[] {
  return [state, ...Array.from({ length: 6 }, () => "-"), "", "-"];
}

describe("of a sound store", () => {
  /** Epochs of versions 1 to 3: all vnodes, then two of them, then one; then one that is void, one that is open. Each takeover leaves one more. */
  let world: World;
  let epochs: readonly number[];

  beforeAll(async () => {
    world = await World.begin();
    epochs = [
      await world.seal(1, [0, 1, 2, 3]),
      await world.seal(2, [0, 1], [2, 3]),
      await world.seal(3, [0], [1, 2, 3]),
    ];
    await world.state(["pin", world.url, String(epochs[1]), "release-1", "--yes"]);
    await using backend = await ObjectStoreBackend.open({
      store: world.store,
      instanceId: "node-3",
      vnodeCapacity: 4,
    });
    await backend.abort(50);
    await world.store.create("epoch=51/vnode=0/partial.bin", new Uint8Array(1));
  });

  afterAll(() => rm(world.directory, { recursive: true }));

  test("it says where the page is, and that the store is sound, to people and to programs", async () => {
    const { code, text } = await world.state(["report", world.url, "--html", file]);
    expect(text).toMatch(/^sound; 0 findings of damage, 0 warnings and \d notices?\n/);
    expect(text).toContain(`the report is in ${file}\n`);
    expect(code).toBe(0);
    const { values } = await world.json(["report", world.url, "--html", file, "--force", "--deep"]);
    expect(values).toMatchObject([{ type: "report", file, sound: true, deep: true, damage: 0, sealed: 3 }]);
  });

  test("the page says what was verified, who leads, and what the newest epoch holds", async () => {
    const page = await pageOf(world);
    expect(page.title).toBe(`Checkpoints of ${world.url}`);
    expect(page.text("verdict")).toMatch(/^Sound 0 findings of damage, 0 warnings .* 3 sealed epochs/);
    expect(page.text("verdict")).toContain("the bytes were not read");
    expect(page.facts()).toMatchObject({
      Leader: expect.stringMatching(/^node-3 version 3, since \d{4}-/),
      "Newest sealed epoch": expect.stringMatching(new RegExp(`^${epochs[2]} by node-3, \\d{4}-`)),
      "It holds": expect.stringContaining("4 vnodes; 12 B are its own"),
      Epochs: expect.stringMatching(/^3 sealed 3 void, 2 open$/),
    });
    const deep = await pageOf(world, "--deep", "--force");
    expect(deep.text("verdict")).toContain("its SHA-256 compared");
  });

  test("the tables show epochs, vnodes, leaders and pins, the newest and largest first", async () => {
    const page = await pageOf(world);
    const [first, second, third] = epochs.map(String);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    expect(page.rows("epochs")).toEqual([
      ["51", ...unsealed("open")],
      ["50", ...unsealed("void")],
      ["5", ...unsealed("open")],
      [third, "sealed", time, "48 B", "12 B", "75 %", "4", "3", "", "node-3"],
      ["3", ...unsealed("void")],
      [second, "sealed", time, "48 B", "24 B", "50 %", "4", "2", "release-1", "node-2"],
      ["1", ...unsealed("void")],
      [first, "sealed", time, "48 B", "48 B", "0 %", "4", "1", "", "node-1"],
    ]);
    expect(page.rows("vnodes")[0]?.slice(0, 5)).toEqual(["0", "12 B", "25 %", "12 B", third]);
    expect(page.rows("vnodes")[3]?.slice(0, 5)).toEqual(["3", "12 B", "25 %", "0 B", first]);
    expect(page.rows("leaders").map((row) => row.slice(0, 4))).toEqual([
      ["3", "leads", "node-3", time],
      ["2", "shut out", "node-2", time],
      ["1", "shut out", "node-1", time],
    ]);
    expect(page.rows("pins")).toEqual([[second, "release-1", "operator", time, "there"]]);
  });

  test("the drawings say in words what they show", async () => {
    const page = await pageOf(world);
    expect(page.text("timeline-chart-title")).toBe("Bytes of each epoch over time");
    expect(page.text("timeline-chart-description")).toContain("where epochs have no seal: open, void.");
    expect(page.text("reuse")).toContain("Of 144 B in all sealed epochs, 42 % were taken over");
    expect(page.text("timeline")).toContain("Epoch 50: void");
  });

  test("the page loads nothing, runs nothing, and forbids both", async () => {
    const page = await pageOf(world);
    expect(page.source).not.toMatch(/\bhttps?:|@import|url\((?!#)/);
    expect(page.all("script", "img", "iframe", "object", "base", "form")).toEqual([]);
    expect(page.values("href")).toEqual(expect.arrayContaining(["#findings", "data:,"]));
    expect(page.values("href").filter((value) => !value.startsWith("#"))).toEqual(["data:,"]);
    expect(page.values("content").join()).toContain("default-src 'none'");
  });

  test("a browser finds no fault in the page, and everything that it refers to", async () => {
    const page = await pageOf(world);
    expect(page.errors).toEqual([]);
    const ids = page.values("id");
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining([...page.references()]));
  });

  test("headings go down by one level, tables have heads with scope, and drawings have names", async () => {
    const page = await pageOf(world);
    const levels = page.all("h1", "h2", "h3", "h4").map(({ tagName }) => Number(tagName.slice(1)));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
    expect(page.values("lang")).toEqual(["en"]);
    const tables = page.tables();
    expect(tables).toHaveLength(4);
    for (const { columns, widths, scopes } of tables) {
      expect(columns).toBeGreaterThan(4);
      expect(new Set(widths)).toEqual(new Set([columns]));
      expect(scopes).toEqual([
        ...Array.from({ length: columns }, () => "col"),
        ...widths.slice(1).map(() => "row"),
      ]);
    }
    for (const svg of page.all("svg")) expect(page.childNames(svg).slice(0, 2)).toEqual(["title", "desc"]);
    expect(page.all("svg")).toHaveLength(2);
  });
});

describe("of many epochs", () => {
  let world: World;
  const epochs: number[] = [];

  beforeAll(async () => {
    world = await World.begin();
    for (let version = 1; version <= 12; version++) epochs.push(await world.seal(version, [0], []));
  });

  afterAll(() => rm(world.directory, { recursive: true }));

  /** What a report reads of the store. */
  async function readOf(limit: number | undefined): Promise<readonly string[]> {
    const read: string[] = [];
    const { store, url } = world;
    const noting: ObjectStore = {
      name: store.name,
      get: (key, options) => {
        read.push(key);
        return store.get(key, options);
      },
      list: (prefix, options) => store.list(prefix, options),
      create: () => Promise.reject(new Error("a report writes nothing")),
      delete: () => Promise.reject(new Error("a report deletes nothing")),
    };
    const surroundings = { store: noting, url, instanceId: "operator", signal: new AbortController().signal };
    const output = { progress: () => undefined };
    await factsOf({ ...surroundings, output } as unknown as Call, { at: 0, deep: false, limit });
    return read.filter((key) => key.endsWith("/_COMMIT"));
  }

  test("each seal is read once", async () => {
    const read = await readOf(undefined);
    expect(read.length).toBeGreaterThanOrEqual(epochs.length);
    expect(new Set(read).size).toBe(read.length);
  });

  test("with --limit the newest are read and shown, and the page says so", async () => {
    expect(await readOf(3)).toHaveLength(3);
    const page = await pageOf(world, "--limit", "3");
    expect(page.rows("epochs")).toHaveLength(3);
    // The epoch above the newest seal is anchored ahead.
    expect(page.rows("epochs")[1]?.[0]).toBe(String(epochs.at(-1)));
    expect(page.text("verdict")).toContain("Sound, as far as it was looked at");
    expect(page.text("verdict")).toContain("Of the epochs the newest 3 were looked at, by --limit");
    expect(page.facts()["Epochs"]).toContain("of the newest 3");
    const whole = await pageOf(world, "--force");
    expect(whole.text("verdict")).not.toContain("--limit");
    expect(whole.rows("epochs").length).toBeGreaterThan(3);
  });

  test("a limit has to be a number from 1", async () => {
    const { code, errors } = await world.state(["report", world.url, "--html", file, "--limit", "0"]);
    expect([code, errors]).toEqual([2, expect.stringContaining("--limit")]);
  });
});

test("a name from the store stays text, wherever it stands", async () => {
  const own = await World.begin();
  const name = `</title></style><script>alert("1")</script><img src=x onerror='a'>&amp;`;
  await using backend = await ObjectStoreBackend.open({
    store: own.store,
    instanceId: name,
    vnodeCapacity: 1,
  });
  const { nextEpoch: epoch } = await backend.takeover({ version: 1 });
  const part = await backend.writePartial({
    epoch,
    vnode: 0,
    assignmentVersion: 1,
    bytes: new Uint8Array(3),
  });
  await backend.epochComplete({ epoch, parts: [part] });
  await backend.pin({ epoch, name: "pin" });
  // A fence's record is anybody's: of it only the name of its object counts.
  const unseen = `<b>\u202E\u0000`;
  const record = {
    format: 1,
    version: 2,
    instanceId: unseen,
    incarnation: name,
    at: Number.MAX_SAFE_INTEGER,
  };
  await writeFile(join(own.directory, `_control/fence=${"2".padStart(16, "0")}`), JSON.stringify(record));
  const page = await pageOf(own);
  expect(page.errors).toEqual([]);
  expect(page.all("script", "img")).toEqual([]);
  expect(page.rows("epochs").map((row) => row[9])).toContain(name);
  expect(page.rows("leaders").map((row) => row.slice(2, 4))).toEqual([
    [String.raw`<b>\u{202e}\u{0}`, "-"],
    [name, expect.any(String)],
  ]);
  expect(page.rows("leaders")[0]?.[4]).toBe(name);
  expect(page.rows("pins")[0]?.[2]).toBe(name);
  expect(page.facts()["Newest sealed epoch"]).toContain(name);
  await rm(own.directory, { recursive: true });
});

test("a message, a key or a URL stays text as well", () => {
  const evil = `"><script>alert('1')</script>`;
  const found = { kind: "foreign", severity: "damage", key: evil, objects: 1, bytes: 1 } as const;
  const vnode = { vnode: 0, size: 1, ownBytes: 1, from: 0, place: evil };
  const page = new Document(
    pageOfFacts({
      url: evil,
      at: 0,
      deep: false,
      limit: undefined,
      counts: { damage: 1, warning: 0, notice: 0 },
      findings: [{ ...found, message: evil, next: evil }],
      progress: undefined,
      fences: [],
      fault: evil,
      control: undefined,
      epochs: [],
      newest: { epoch: 0, bytes: 1, vnodes: 1, largest: [vnode] },
      pins: [{ epoch: 0, name: evil, instanceId: evil, incarnation: evil, sealed: false }],
    }),
  );
  expect([page.errors, page.all("script")]).toEqual([[], []]);
  expect(page.title).toBe(`Checkpoints of ${evil}`);
  for (const id of ["verdict", "findings", "vnodes", "pins"]) expect(page.text(id)).toContain(evil);
});

describe("of a store that is not sound", () => {
  let own: World;
  let epoch: number;

  beforeEach(async () => {
    own = await World.begin();
    epoch = await own.seal(1, [0, 1, 2, 3]);
  });

  afterEach(() => rm(own.directory, { recursive: true }));

  test("the page shows each finding, the worst first, with what to do; and the exit is 1", async () => {
    await own.seal(2, [0], [1, 2, 3]);
    await rm(join(own.directory, `epoch=${epoch}/vnode=1/partial.bin`));
    await truncate(join(own.directory, `epoch=${epoch}/vnode=2/partial.bin`), 3);
    await writeFile(join(own.directory, `_control/fence=${"1".padStart(16, "0")}`), "{}");
    await writeFile(join(own.directory, "_control/stray"), "");
    const { code, text } = await own.state(["report", own.url, "--html", file]);
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/^not sound; 2 findings of damage, 1 warning and \d notices?\n/),
    ]);
    const page = new Document(await readFile(file, "utf8"));
    expect(page.errors).toEqual([]);
    expect(page.text("verdict")).toContain("Not sound");
    const findings = page.text("findings");
    expect(findings).toMatch(/Damage \(2\).*object-size.*object-missing.*Warnings \(1\).*control-damaged/);
    expect(findings).toMatch(/Notices \(\d\).*foreign/);
    expect(findings).toContain("vnode 1 of epochs");
    expect(findings).toContain("What to do: Put it back from a copy");
    expect(page.rows("leaders")[1]?.slice(0, 4)).toEqual(["1", "shut out", "unknown", "-"]);
  });

  test("an epoch that cannot be read is marked in the drawing and in the table", async () => {
    const second = await own.seal(2, [0], [1, 2, 3]);
    await own.seal(3, [0], [1, 2, 3]);
    await writeFile(join(own.directory, `epoch=${second}/_COMMIT`), "<html>");
    const page = await pageOf(own);
    expect(page.rows("epochs").map((row) => row.slice(0, 2))).toContainEqual([String(second), "unreadable"]);
    expect(page.text("timeline")).toContain(`Epoch ${second}: unreadable`);
    expect(page.text("findings")).toContain("seal-damaged");
  });

  test("a namespace that cannot be opened still gets its page, which says what is missing", async () => {
    await rm(join(own.directory, "_control"), { recursive: true });
    const { code } = await own.state(["report", own.url, "--html", file]);
    expect(code).toBe(1);
    const page = new Document(await readFile(file, "utf8"));
    expect(page.errors).toEqual([]);
    expect(page.text("verdict")).toContain("The namespace cannot be opened");
    expect(page.text("findings")).toContain("namespace-missing");
    expect(page.text("leaders")).toContain("Nobody has claimed a version");
    expect(page.text("epochs")).toContain("No epoch can be shown");
  });

  test("of many findings the first hundred are shown, and all are counted", async () => {
    const strays = Array.from({ length: 120 }, (_, index) => join(own.directory, `_control/stray-${index}`));
    await Promise.all(strays.map((path) => writeFile(path, "")));
    const page = await pageOf(own);
    expect(page.text("findings")).toContain("Notices (120)");
    expect(page.text("findings")).toContain("The first 100 of 120 notices.");
    expect(page.all("li").filter((item) => page.textOf(item).startsWith("foreign"))).toHaveLength(100);
  });
});

describe("the file", () => {
  let own: World;

  beforeAll(async () => {
    own = await World.begin();
    await own.seal(1, [0, 1, 2, 3]);
  });

  afterAll(() => rm(own.directory, { recursive: true }));

  test("is not overwritten without --force", async () => {
    await writeFile(file, "mine");
    const refused = await own.state(["report", own.url, "--html", file]);
    expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining("--force replaces it")]);
    expect(await readFile(file, "utf8")).toBe("mine");
    expect((await own.state(["report", own.url, "--html", file, "--force"])).code).toBe(0);
    expect(await readFile(file, "utf8")).toMatch(/^<!doctype html>/);
    expect(await readdir(folder)).toEqual(["report.html"]);
  });

  test("is not overwritten if it came while the store was read", async () => {
    await writeFile(file, "mine");
    await expect(writeWhole(file, "page", false)).rejects.toThrow("is there already");
    expect(await readFile(file, "utf8")).toBe("mine");
    expect(await readdir(folder)).toEqual(["report.html"]);
  });

  test("has to be named, and to be in a folder that is there", async () => {
    expect(await own.state(["report", own.url])).toMatchObject({ code: 2 });
    const lost = await own.state(["report", own.url, "--html", join(folder, "none/report.html")]);
    expect([lost.code, lost.errors]).toEqual([2, expect.stringContaining("the report cannot be written")]);
  });

  test("is not written of a path that holds no checkpoints", async () => {
    const { code } = await own.state(["report", "fs:/nothing/is/here", "--html", file]);
    expect([code, await readdir(folder)]).toEqual([2, []]);
  });
});
