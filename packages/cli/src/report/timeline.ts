import { bytesText, count, timeText } from "../output.ts";
import { drawing, roundCeiling, slotWidth, xOf, xTicks } from "./axes.ts";
import { type Bar, type Bars, maxBars, type Span, type Unsealed } from "./bars.ts";
import { html, type Markup } from "./markup.ts";

/** In the order of their rows: what is least as it should be stands lowest. */
const unsealedStates = ["open", "void", "given-up", "unreadable"] as const satisfies readonly Unsealed[];

/** A row of marks. */
const rowHeight = 20;
/** Between the lowest line of the plot, with its label, and the first row. */
const rowsGap = 10;

interface Frame {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Of the plot; rows of marks and the axis come below it. */
  readonly height: number;
  readonly yLabels: readonly [top: string, middle: string, bottom: string];
  readonly rows: readonly Unsealed[];
}

/** Bytes of each epoch: at the bottom what it wrote itself, above what it took over. */
export function bytesChart(drawn: Bars): Markup {
  const { bars } = drawn;
  const height = 220;
  const ceiling = roundCeiling(Math.max(1, ...bars.map((bar) => meanOf(bar, bar.bytes))));
  const rows = unsealedStates.filter((state) => bars.some(({ unsealed }) => unsealed[state] !== undefined));
  const frame = {
    id: "timeline-chart",
    title: "Bytes of each epoch over time",
    description: `${describedBars(drawn)} The highest has ${bytesText(highest(bars))} an epoch. ${
      rows.length === 0
        ? "Every epoch is sealed."
        : `Rows of marks below the bars show where epochs have no seal: ${rows.join(", ")}.`
    }`,
    height,
    yLabels: [bytesText(ceiling), bytesText(ceiling / 2), "0"],
    rows,
  } as const;
  const drawnBars = bars.map((bar) => {
    if (bar.sealed === undefined) return undefined;
    const own = (meanOf(bar, bar.ownBytes) / ceiling) * height;
    const all = (meanOf(bar, bar.bytes) / ceiling) * height;
    return html`<g
      ><title>${bytesTitle(bar, bar.sealed)}</title
      >${rect(drawn, bar, "own", height, own)}${rect(drawn, bar, "taken", height - own, all - own)}</g
    >`;
  });
  const marks = rows.map((state, row) =>
    bars.map((bar) => {
      const span = bar.unsealed[state];
      if (span === undefined) return undefined;
      const title = `${spanText(span)}: ${state}`;
      const y = drawing.top + height + rowsGap + rowHeight * (row + 0.5);
      return html`<g><title>${title}</title>${mark(drawn, state, bar.slot, y)}</g>`;
    }),
  );
  return framed(drawn, frame, html`${drawnBars}${marks}`);
}

/** The share of its bytes that each epoch took over. */
export function reuseChart(drawn: Bars): Markup {
  const height = 110;
  const frame = {
    id: "reuse-chart",
    title: "Share of its bytes that each epoch took over",
    description: `${describedBars(drawn)} In all, ${percentOf(...takenOf(drawn.bars))} were taken over.`,
    height,
    yLabels: ["100 %", "50 %", "0 %"],
    rows: [],
  } as const;
  const drawnBars = drawn.bars.map((bar) => {
    if (bar.sealed === undefined || bar.bytes === 0) return undefined;
    const taken = bar.bytes - bar.ownBytes;
    const title = `${spanText(bar.sealed)}: ${percentOf(taken, bar.bytes)} taken over`;
    return html`<g
      ><title>${title}</title>${rect(drawn, bar, "taken", height, (taken / bar.bytes) * height)}</g
    >`;
  });
  return framed(drawn, frame, html`${drawnBars}`);
}

/** What the bytes are that were taken over, and of how many. */
export function takenOf(bars: readonly Bar[]): readonly [taken: number, bytes: number] {
  let [taken, bytes] = [0, 0];
  for (const bar of bars) {
    taken += bar.bytes - bar.ownBytes;
    bytes += bar.bytes;
  }
  return [taken, bytes];
}

/** `37 %`. What is neither nothing nor all is not rounded to it. */
export function percentOf(part: number, whole: number): string {
  if (whole === 0) return "-";
  const percent = Math.round((100 * part) / whole);
  if (percent === 0 && part > 0) return "< 1 %";
  return percent === 100 && part < whole ? "> 99 %" : `${percent} %`;
}

/** How epochs became bars, for those who read the drawing. */
export function describedBars({ axis, bars, from, to }: Bars): string {
  const epochs = bars.reduce((sum, bar) => sum + epochsOf(bar), 0);
  const sealed = bars.flatMap((bar) => bar.sealed ?? []);
  const shown = sealed.every(({ number }) => number === 1)
    ? `${count(epochs, "epoch")}, a bar for each that is sealed`
    : `${count(epochs, "epoch")} in ${count(sealed.length, "bar")}, ${maxBars} at most: each is the mean of the sealed epochs that it stands for`;
  const where =
    axis === "time"
      ? `from ${timeText(from)} to ${timeText(to)} by the clocks of those who sealed`
      : "one after another, not by time: not every seal says when it was made, or their clocks contradict each other";
  return `${shown}; ${where}.`;
}

function framed(drawn: Bars, frame: Frame, content: Markup): Markup {
  const { id, title, description, height, yLabels, rows } = frame;
  const { width, left, right, top } = drawing;
  const axis = top + height + (rows.length === 0 ? 0 : rowsGap + rows.length * rowHeight);
  const lines = yLabels.map((label, index) => {
    const y = top + (height * index) / 2;
    return html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" /><text
        x="${left - 8}"
        y="${y + 4}"
        text-anchor="end"
        >${label}</text
      >`;
  });
  const names = rows.map(
    (state, row) =>
      html`<text x="${left - 8}" y="${top + height + rowsGap + rowHeight * (row + 0.5) + 4}" text-anchor="end"
        >${state}</text
      >`,
  );
  const times = xTicks(drawn).map(({ at, label }) => {
    // A label in the middle of the outermost tick would stand outside.
    const anchor = at < left + 40 ? "start" : at > width - right - 40 ? "end" : "middle";
    const x = anchor === "start" ? left : anchor === "end" ? width - 2 : at;
    return html`<line class="tick" x1="${round(at)}" x2="${round(at)}" y1="${axis}" y2="${axis + 5}" /><text
        x="${round(x)}"
        y="${axis + 20}"
        text-anchor="${anchor}"
        >${label}</text
      >`;
  });
  return html`<svg
    role="img"
    aria-labelledby="${id}-title ${id}-description"
    viewBox="0 0 ${width} ${axis + 28}"
  >
    <title id="${id}-title">${title}</title>
    <desc id="${id}-description">${description}</desc>
    <defs>
      <pattern id="${id}-stripes" width="5" height="5" patternUnits="userSpaceOnUse">
        <rect class="stripe-ground" width="5" height="5" />
        <rect class="stripe" width="5" height="1.5" />
      </pattern>
    </defs>
    ${lines}${names}${times}
    <g fill="url(#${id}-stripes)">${content}</g>
  </svg>`;
}

function rect(drawn: Bars, bar: Bar, kind: "own" | "taken", bottom: number, height: number): Markup {
  if (height <= 0) return html``;
  const slot = slotWidth(drawn);
  const width = Math.min(36, slot * 0.78);
  const x = xOf(drawn, bar.slot) - width / 2;
  return html`<rect
    class="${kind}"
    x="${round(x)}"
    y="${round(drawing.top + bottom - height)}"
    width="${round(width)}"
    height="${round(height)}"
  />`;
}

/** Each state has a form of its own, beside a row of its own: its colour tells nothing more. */
function mark(drawn: Bars, state: Unsealed, slot: number, y: number): Markup {
  const x = round(xOf(drawn, slot));
  // Neighbours do not run into each other.
  const r = round(Math.max(1.8, Math.min(4, slotWidth(drawn) * 0.4)));
  if (state === "open") return html`<circle class="mark" cx="${x}" cy="${y}" r="${r}" />`;
  if (state === "void") return html`<path class="mark" d="M${x} ${y - 4}v8" />`;
  if (state === "given-up")
    return html`<path class="mark" d="M${x} ${y - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z" />`;
  return html`<path
    class="mark bad"
    d="M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}"
  />`;
}

function bytesTitle(bar: Bar, sealed: Span): string {
  const mean = sealed.number === 1 ? "" : "a mean of ";
  const [all, own] = [meanOf(bar, bar.bytes), meanOf(bar, bar.ownBytes)];
  return `${spanText(sealed)}: ${mean}${bytesText(all)}, of which ${bytesText(own)} own and ${bytesText(all - own)} taken over`;
}

/** `Epoch 7`, or `12 epochs, 7 to 19` */
function spanText({ number, first, last }: Span): string {
  return number === 1 ? `Epoch ${first}` : `${count(number, "epoch")}, ${first} to ${last}`;
}

function epochsOf({ sealed, unsealed }: Bar): number {
  return Object.values(unsealed).reduce((sum, { number }) => sum + number, sealed?.number ?? 0);
}

function meanOf({ sealed }: Bar, bytes: number): number {
  return sealed === undefined ? 0 : bytes / sealed.number;
}

function highest(bars: readonly Bar[]): number {
  return Math.max(0, ...bars.map((bar) => meanOf(bar, bar.bytes)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
