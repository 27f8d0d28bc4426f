import type { Chart, Series } from "./chart.ts";
import type { Curve } from "./definitions.ts";
import type { Figures, Point } from "./measure.ts";
import { settlesAt, trendOf } from "./trend.ts";

/** Below it memory is not told from what else lives in the process. MiB. */
const leastMib = 0.1;

const quantities = [
  { title: "time, ms", of: ({ ms }: Figures) => ms },
  { title: "requests", of: ({ requests }: Figures) => requests },
  { title: "peak of live memory, MiB", of: ({ peakMib }: Figures) => Math.max(leastMib, peakMib) },
] as const;

export function chartOf(curve: Curve, points: readonly Point[], title: string): Chart {
  const panels = quantities.map(({ title: panel, of }) => ({ title: panel, series: seriesOf(points, of) }));
  return { title, x: curve.x, formatX: curve.formatX, panels };
}

function seriesOf(points: readonly Point[], of: (figures: Figures) => number): readonly Series[] {
  return namesOf(points).map((name) => ({
    name,
    points: points.flatMap(({ x, steps }) => {
      const figures = steps.get(name);
      return figures === undefined ? [] : [[x, of(figures)] as const];
    }),
  }));
}

function namesOf(points: readonly Point[]): readonly string[] {
  return [...new Set(points.flatMap(({ steps }) => [...steps.keys()]))];
}

/** A table for each call, and below it what its columns tend to. */
export function tableOf(curve: Curve, points: readonly Point[]): string {
  const trends = quantities.map(({ of }) => new Map(seriesOf(points, of).map((one) => [one.name, one])));
  return namesOf(points)
    .flatMap((name) => {
      const rows = points.flatMap(({ x, steps }) => {
        const figures = steps.get(name);
        return figures === undefined ? [] : [rowOf(curve.formatX(x), cellsOf(figures))];
      });
      const [time, requests, memory] = trends.map((byName) => byName.get(name)?.points ?? []);
      const ends = rowOf("tends to", [
        trendOf(time ?? []),
        "",
        trendOf(requests ?? []),
        trendOf(memory ?? []),
      ]);
      const settled = curve.id === "concurrency" ? settlesAt(time ?? []) : undefined;
      const end = time?.at(-1)?.[0];
      const least =
        settled === undefined
          ? []
          : [settled === end ? `falls up to ${end}` : `from ${settled} on no time is a tenth lower`];
      const head = rowOf(name, ["ms", "CPU ms", "requests", "peak MiB"]);
      return [head, ...rows, ...(rows.length < 3 ? [] : [ends]), ...least, ""];
    })
    .slice(0, -1)
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function cellsOf({ ms, cpuMs, requests, peakMib }: Figures): readonly string[] {
  const memory = peakMib < leastMib ? `<${leastMib}` : peakMib.toFixed(1);
  return [ms.toFixed(0), cpuMs.toFixed(0), requests.toLocaleString("en"), memory];
}

function rowOf(head: string, cells: readonly string[]): string {
  return `${head.padEnd(16)}${cells.map((cell) => cell.padStart(11)).join("")}`;
}
