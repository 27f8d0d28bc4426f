type Points = readonly (readonly [x: number, y: number])[];

/** The slope of the last three points in the log-log plane, by least squares; `undefined` for fewer. */
export function slopeOf(points: Points): number | undefined {
  const last = points.slice(-3).map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  if (last.length < 3) return undefined;
  const meanX = last.reduce((sum, [x]) => sum + x, 0) / last.length;
  const meanY = last.reduce((sum, [, y]) => sum + y, 0) / last.length;
  const up = last.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return up / last.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** What a curve tends to, such as `linear`, `flat` or `x^0.52`. */
export function trendOf(points: Points): string {
  const slope = slopeOf(points);
  if (slope === undefined) return "too few points";
  if (Math.abs(slope) < 0.15) return "flat";
  if (Math.abs(slope - 1) < 0.15) return "linear";
  if (Math.abs(slope + 1) < 0.15) return "inverse";
  return `x^${slope.toFixed(2)}`;
}

/** The lowest x from which no later y is more than a tenth below the one there: where it stops falling. */
export function settlesAt(points: Points): number | undefined {
  return points.find(([, y], index) => points.slice(index + 1).every(([, later]) => later > 0.9 * y))?.[0];
}
