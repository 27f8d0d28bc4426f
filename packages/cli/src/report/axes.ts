import { timeText } from "../output.ts";
import type { Bar, Bars } from "./bars.ts";

/** A mark on an axis, in the drawing's units. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The drawing, in units of its own: about pixels on a wide screen. */
export const drawing = { width: 960, left: 84, right: 12, top: 14 } as const;

/** How wide the room of one bar is. */
export function slotWidth({ slots }: Pick<Bars, "slots">): number {
  return (drawing.width - drawing.left - drawing.right) / slots;
}

/** The middle of a slot. */
export function xOf(bars: Pick<Bars, "slots">, slot: number): number {
  return drawing.left + (slot + 0.5) * slotWidth(bars);
}

/** A round number of bytes that is not below the highest bar. */
export function roundCeiling(bytes: number): number {
  let unit = 1;
  while (unit * 1_024 <= bytes) unit *= 1_024;
  const round = [1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 800, 1_024];
  return unit * (round.find((value) => value * unit >= bytes) ?? 1_024);
}

/** Five at most: on a telephone more would run into each other. */
const tickCount = 5;

export function xTicks(drawn: Bars): readonly Tick[] {
  const { axis, bars, slots, from, to } = drawn;
  const shares = Array.from({ length: tickCount }, (_, index) => index / (tickCount - 1));
  const ticks = shares.flatMap((share) => {
    if (axis === "time") {
      const label = shortTime(from + share * (to - from), to - from);
      return { at: xOf(drawn, share * (slots - 1)), label };
    }
    const bar = bars[Math.round(share * (bars.length - 1))];
    return bar === undefined ? [] : { at: xOf(drawn, bar.slot), label: String(firstOf(bar)) };
  });
  // Of a short time, or few epochs, several have the same.
  return ticks.filter(({ label }, index) => label !== ticks[index - 1]?.label);
}

function firstOf({ sealed, unsealed }: Bar): number {
  return Math.min(...[sealed, ...Object.values(unsealed)].map((span) => span?.first ?? Infinity));
}

const minute = 60_000;
const day = 1_440 * minute;

/** Of a moment, what tells it from the other ticks. */
function shortTime(at: number, range: number): string {
  const [date = "", time = ""] = timeText(Math.round(at)).split(" ");
  if (range >= 8 * day) return date;
  const clock = time.slice(0, range >= 8 * minute ? 5 : 8);
  return range >= day ? `${date.slice(5)} ${clock}` : clock;
}
