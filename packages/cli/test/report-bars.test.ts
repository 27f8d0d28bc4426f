import { describe, expect, test } from "vitest";
import { barsOf, maxBars } from "../src/report/bars.ts";
import type { EpochFacts } from "../src/report/facts.ts";
import { escaped, html } from "../src/report/markup.ts";
import { bytesChart, percentOf, reuseChart } from "../src/report/timeline.ts";

const start = Date.UTC(2026, 0, 1);

/** An epoch of 100 bytes, of which 40 are its own. */
function sealed(epoch: number, at: number | undefined): EpochFacts {
  const seal = { at, committer: "node", version: 1, vnodes: 1, bytes: 100, ownBytes: 40 };
  return { epoch, state: "sealed", seal };
}

function each(number: number, timeOf: (epoch: number) => number | undefined): readonly EpochFacts[] {
  return Array.from({ length: number }, (_, epoch) => sealed(epoch, timeOf(epoch)));
}

const minutely = (epoch: number): number => start + epoch * 60_000;

test("a few epochs have a bar each, where their time is", () => {
  const drawn = barsOf(each(30, minutely));
  expect(drawn).toMatchObject({ axis: "time", slots: 30, from: start, to: start + 29 * 60_000 });
  expect(drawn.bars.map(({ slot, sealed: span }) => [slot, span])).toEqual(
    Array.from({ length: 30 }, (_, epoch) => [epoch, { number: 1, first: epoch, last: epoch }]),
  );
});

describe("thousands of epochs become at most 200 bars", () => {
  test.each([
    ["by time", minutely],
    ["in their order, if seals have no times", () => undefined],
  ] as const)("%s, and none is lost", (_, timeOf) => {
    const { bars } = barsOf(each(7_001, timeOf));
    expect(bars.length).toBeLessThanOrEqual(maxBars);
    expect(bars.length).toBeGreaterThan(maxBars / 2);
    expect(bars.reduce((sum, bar) => sum + (bar.sealed?.number ?? 0), 0)).toBe(7_001);
    expect(bars.reduce((sum, bar) => sum + bar.bytes, 0)).toBe(700_100);
    expect(bars.at(-1)).toMatchObject({ sealed: { last: 7_000 } });
  });

  test("which the drawing says, and stays small by", () => {
    const chart = bytesChart(barsOf(each(7_001, minutely))).text;
    expect(chart).toContain("7,001 epochs in 200 bars, 200 at most: each is the mean");
    expect(chart.length).toBeLessThan(100_000);
    expect(chart.match(/class="own"/g)).toHaveLength(maxBars);
  });
});

test("a pause between epochs is a gap", () => {
  const { bars, slots } = barsOf(each(20, (epoch) => minutely(epoch) + (epoch < 10 ? 0 : 3_600_000)));
  expect(slots).toBe(80);
  expect(bars.map(({ slot }) => slot)).toEqual([
    ...Array.from({ length: 10 }, (_, index) => index),
    ...Array.from({ length: 10 }, (_, index) => index + 70),
  ]);
});

test.each([
  ["one seal has no time", [start, undefined, start + 2]],
  ["the times are all the same", [start, start, start]],
  ["the times run backwards", [start, start + 1_000_000, start + 500_000]],
  ["a time is no date", [start, start + 1, Number.MAX_SAFE_INTEGER]],
  ["nothing is sealed", []],
] as const)("epochs stand in their order if %s", (_, times) => {
  const drawn = barsOf(times.map((at, epoch) => sealed(epoch, at)));
  expect([drawn.axis, drawn.bars.map(({ slot }) => slot)]).toEqual(["order", [...times.keys()]]);
  expect(bytesChart(drawn).text).not.toMatch(/NaN|Infinity|undefined/);
});

test("an epoch without a seal stands where the seal before it does, and counts to no mean", () => {
  const epochs = [...each(20, minutely), { epoch: 20, state: "void" } as const];
  const drawn = barsOf(epochs);
  expect(drawn.bars.at(-1)).toMatchObject({
    sealed: { number: 1, first: 19 },
    unsealed: { void: { number: 1, first: 20 } },
  });
  expect(bytesChart(drawn).text).toContain("Epoch 20: void");
  expect(bytesChart(drawn).text).toContain("The highest has 100 B an epoch.");
});

test("an empty epoch takes over nothing, and divides by nothing", () => {
  const seal = { at: start, committer: "node", version: 1, vnodes: 0, bytes: 0, ownBytes: 0 };
  const drawn = barsOf([{ epoch: 0, state: "sealed", seal }]);
  expect(bytesChart(drawn).text + reuseChart(drawn).text).not.toMatch(/NaN|Infinity/);
});

test("a share is rounded to nothing or to all only if it is", () => {
  expect([percentOf(0, 9), percentOf(1, 999), percentOf(3, 8), percentOf(998, 999)]).toEqual([
    "0 %",
    "< 1 %",
    "38 %",
    "> 99 %",
  ]);
  expect([percentOf(9, 9), percentOf(0, 0)]).toEqual(["100 %", "-"]);
});

test("what cannot be seen, or turns the order of a line, is shown by its number", () => {
  expect(escaped("a\u0000b\u202Ec\uD800\u0085")).toBe(String.raw`a\u{0}b\u{202e}c\u{d800}\u{85}`);
  expect(escaped("größe 日本 😀")).toBe("größe 日本 😀");
  expect(html`<p title="${`"><script>`}">${["<b>", html`<i>${"&"}</i>`]}</p>`.text).toBe(
    `<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;<i>&amp;</i></p>`,
  );
});
