/** Line charts with logarithmic axes, as SVG. Text is text; colours follow the reader's light or dark. */

export interface Series {
  readonly name: string;
  /** x and y, both above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** One chart. */
export interface Panel {
  /** What y is, with its unit. */
  readonly title: string;
  readonly series: readonly Series[];
}

export interface Chart {
  readonly title: string;
  /** What x is. */
  readonly x: string;
  /** How a value of x is written. */
  readonly formatX: (x: number) => string;
  /** They stand side by side. */
  readonly panels: readonly Panel[];
}

/** The pixels of a panel's plot, and around it. */
export const plot = { left: 52, top: 128, width: 250, height: 190, right: 26, bottom: 46 } as const;
export const panelWidth: number = plot.left + plot.width + plot.right;
const height = plot.top + plot.height + plot.bottom;

const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.panel { font-weight: 600; }
.tick { fill: #59636e; font-size: 11px; }
.grid { stroke: #d1d9e0; }
.line { fill: none; stroke-width: 2; }
.s0 { stroke: #0969da; } .s1 { stroke: #bc4c00; } .s2 { stroke: #1a7f37; } .s3 { stroke: #8250df; }
.s4 { stroke: #bf3989; } .s5 { stroke: #6e7781; }
circle { fill: #ffffff; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .tick { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .s0 { stroke: #58a6ff; } .s1 { stroke: #f0883e; } .s2 { stroke: #3fb950; } .s3 { stroke: #bc8cff; }
  .s4 { stroke: #f778ba; } .s5 { stroke: #9198a1; }
  circle { fill: #0d1117; }
}`;
const colours = 6;

/** @throws `RangeError` for a value that has no logarithm, a panel without points, or too many series */
export function chartSvg(chart: Chart): string {
  const width = panelWidth * chart.panels.length;
  const names = chart.panels.map(({ title }) => title).join("; ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}"`,
    ` width="${width}" height="${height}">`,
    `<title>${escaped(chart.title)}</title>`,
    `<desc>${escaped(`By ${chart.x}: ${names}. Both axes are logarithmic.`)}</desc>`,
    `<style>${style}\n</style>\n`,
    `<text class="title" x="${plot.left}" y="24">${escaped(chart.title)}</text>\n`,
    ...chart.panels.map((panel, index) => panelSvg(chart, panel, index)),
    "</svg>\n",
  ].join("");
}

function panelSvg(chart: Chart, panel: Panel, index: number): string {
  const points = panel.series.flatMap((series) => series.points);
  if (points.length === 0) throw new RangeError(`${panel.title}: there are no points`);
  if (panel.series.length > colours) throw new RangeError(`${panel.title}: at most ${colours} series`);
  for (const value of points.flat())
    if (!(value > 0 && value < Infinity)) throw new RangeError(`${panel.title}: ${value} has no logarithm`);
  const xs = [...new Set(points.map(([x]) => x))].toSorted((a, b) => a - b);
  const ys = points.map(([, y]) => y);
  const [bottom, top] = decades(Math.min(...ys), Math.max(...ys));
  const atX = scale(Math.min(...xs), Math.max(...xs), 0, plot.width);
  const atY = scale(bottom, top, plot.height, 0);
  const ticks = Array.from(
    { length: Math.round(Math.log10(top / bottom)) + 1 },
    (_, step) => bottom * 10 ** step,
  );
  return [
    `<g transform="translate(${index * panelWidth + plot.left} ${plot.top})">\n`,
    `<text class="panel" x="0" y="-82">${escaped(panel.title)}</text>\n`,
    ...panel.series.map((series, number) => legend(series.name, number)),
    ...ticks.map((y) => {
      const at = rounded(atY(y));
      const line = `<path class="grid" d="M0 ${at}H${plot.width}"/>`;
      return `${line}<text class="tick" text-anchor="end" x="-6" y="${at + 4}">${escaped(short(y))}</text>\n`;
    }),
    ...xs
      .filter((_, number) => (xs.length - 1 - number) % Math.ceil(xs.length / 5) === 0)
      .map((x) => {
        const at = rounded(atX(x));
        const line = `<path class="grid" d="M${at} ${plot.height}v5"/>`;
        const text = `<text class="tick" text-anchor="middle" x="${at}" y="${plot.height + 19}">`;
        return `${line}${text}${escaped(chart.formatX(x))}</text>\n`;
      }),
    `<text class="tick" text-anchor="middle" x="${plot.width / 2}" y="${plot.height + 38}">`,
    `${escaped(chart.x)}</text>\n`,
    ...panel.series.map(({ points: own }, number) => {
      const places = own.map(([x, y]) => [rounded(atX(x)), rounded(atY(y))] as const);
      const d = places.map(([x, y], step) => `${step === 0 ? "M" : "L"}${x} ${y}`).join("");
      const circles = places.map(([x, y]) => `<circle class="s${number}" cx="${x}" cy="${y}" r="3"/>`);
      return `<path class="line s${number}" d="${d}"/>${circles.join("")}\n`;
    }),
    "</g>\n",
  ].join("");
}

/** Two columns of three. */
function legend(name: string, number: number): string {
  const x = (number % 2) * 130;
  const y = -64 + Math.floor(number / 2) * 18;
  return (
    `<path class="line s${number}" d="M${x} ${y - 4}h14"/>` +
    `<text x="${x + 19}" y="${y}">${escaped(name)}</text>\n`
  );
}

/** The powers of ten around the values; one decade at least. */
export function decades(lowest: number, highest: number): readonly [number, number] {
  const bottom = Math.floor(Math.log10(lowest));
  return [10 ** bottom, 10 ** Math.max(bottom + 1, Math.ceil(Math.log10(highest)))];
}

/** Maps `low` to `from` and `high` to `to`, and equal ratios to equal distances. */
export function scale(low: number, high: number, from: number, to: number): (value: number) => number {
  if (low === high) return () => (from + to) / 2;
  return (value) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));
}

function rounded(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
