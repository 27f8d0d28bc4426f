import assert from "node:assert/strict";
import { describe, test } from "vitest";
import { type Chart, chartSvg, decades, panelWidth, plot } from "../src/curves/chart.ts";

const chart: Chart = {
  title: 'Less < more & "most"',
  x: "vnodes",
  formatX: String,
  panels: [
    {
      title: "ms",
      series: [
        {
          name: "a<b",
          points: [
            [1, 1],
            [10, 10],
            [100, 1_000],
          ],
        },
      ],
    },
    {
      title: "requests",
      series: [
        {
          name: "flat",
          points: [
            [1, 50],
            [16, 50],
          ],
        },
      ],
    },
  ],
};

describe("the chart writer", () => {
  test("puts points at equal distances for equal ratios, and higher values higher", () => {
    const [first, second, third] = circlesOf(chartSvg(chart));
    assert.deepEqual(first, [0, plot.height]);
    assert.deepEqual(second, [plot.width / 2, Math.round((plot.height * 200) / 3) / 100]);
    assert.deepEqual(third, [plot.width, 0]);
  });

  test("puts a value between the powers of ten around it", () => {
    const [, , , left, right] = circlesOf(chartSvg(chart));
    const y = Math.round(plot.height * (1 - Math.log10(5)) * 100) / 100;
    assert.deepEqual(
      [left, right],
      [
        [0, y],
        [plot.width, y],
      ],
    );
  });

  test("puts panels side by side, each with a line through its points", () => {
    const svg = chartSvg(chart);
    assert.match(svg, new RegExp(`viewBox="0 0 ${2 * panelWidth} `));
    assert.match(svg, new RegExp(`translate\\(${panelWidth + plot.left} ${plot.top}\\)`));
    assert.match(svg, new RegExp(`d="M0 ${plot.height}L${plot.width / 2} [0-9.]+L${plot.width} 0"`));
  });

  test("writes well-formed XML, whatever the names are", () => {
    assert.deepEqual(
      textsOf(chartSvg(chart)).filter((text) => text.includes("<")),
      ['Less < more & "most"', 'Less < more & "most"', "a<b"],
    );
  });

  test("has colours for the dark", () => {
    assert.match(chartSvg(chart), /@media \(prefers-color-scheme: dark\)/);
  });

  test.each([0, -1, Number.NaN, Infinity])("refuses %d, which has no logarithm", (value) => {
    const panels = [{ title: "ms", series: [{ name: "a", points: [[1, value]] as const }] }];
    assert.throws(() => chartSvg({ ...chart, panels }), RangeError);
  });

  test("refuses a panel without points", () => {
    assert.throws(() => chartSvg({ ...chart, panels: [{ title: "ms", series: [] }] }), RangeError);
  });

  test("gives equal values a decade of their own", () => {
    assert.deepEqual(decades(100, 100), [100, 1_000]);
    assert.deepEqual(decades(0.5, 20), [0.1, 100]);
  });
});

function circlesOf(svg: string): readonly (readonly [number, number])[] {
  return [...svg.matchAll(/<circle [^>]*cx="([^"]+)" cy="([^"]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
}

/** The texts of the elements. Fails if tags do not nest, or anything is neither a tag nor escaped text. */
function textsOf(xml: string): readonly string[] {
  const token = /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|((?:[^<&]|&(?:amp|lt|quot);)+)/gy;
  const open: string[] = [];
  const texts: string[] = [];
  let at = 0;
  for (const [all, closes, name, , isEmpty, text] of xml.matchAll(token)) {
    at += all.length;
    if (text !== undefined) texts.push(unescaped(text));
    else if (closes === "/") assert.equal(open.pop(), name);
    else if (isEmpty !== "/") open.push(name ?? "");
  }
  assert.equal(at, xml.length, `no XML from ${xml.slice(at, at + 40)}`);
  assert.deepEqual(open, []);
  return texts;
}

function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
