import { bytesText, count, timeText } from "../output.ts";
import type { EpochFacts, Facts } from "./facts.ts";
import { html, type Markup, type Part } from "./markup.ts";
import { table } from "./table.ts";
import { percentOf } from "./timeline.ts";

/** How many rows a table has at most: the page stays one that can be read. */
export const shownRows = 50;

export function epochsSection({ epochs, pins }: Facts): Markup {
  if (epochs.length === 0) return section("epochs", "Newest epochs", html`<p>No epoch can be shown.</p>`);
  const rows = epochs
    .slice(-shownRows)
    .toReversed()
    .map((facts) => {
      const names = pins.filter(({ epoch }) => epoch === facts.epoch).map(({ name }) => name);
      return epochRow(facts, names.join(", "));
    });
  return section(
    "epochs",
    "Newest epochs",
    html`<p class="muted">
        ${shownOf(rows.length, epochs.length, "epoch")} Own is what an epoch wrote itself; the rest it takes
        over from earlier epochs. An epoch is open while it is under way, and void if it will never be sealed.
      </p>
      ${table(
        "Newest epochs",
        [
          { head: "Epoch", kind: "number" },
          { head: "State" },
          { head: "Sealed at" },
          { head: "Bytes", kind: "number" },
          { head: "Own", kind: "number" },
          { head: "Taken over", kind: "number" },
          { head: "Vnodes", kind: "number" },
          { head: "Version", kind: "number" },
          { head: "Pinned as", kind: "free" },
          { head: "By", kind: "free" },
        ],
        rows,
      )}`,
  );
}

function epochRow({ epoch, state, seal }: EpochFacts, pinnedAs: string): readonly Part[] {
  const shown = html`<span class="state state-${state}">${state}</span>`;
  if (seal === undefined) return [epoch, shown, "-", "-", "-", "-", "-", "-", pinnedAs, "-"];
  const { at, committer, version, vnodes, bytes, ownBytes } = seal;
  return [
    epoch,
    shown,
    timeText(at),
    bytesText(bytes),
    bytesText(ownBytes),
    percentOf(bytes - ownBytes, bytes),
    vnodes,
    version ?? "-",
    pinnedAs,
    // Last, as names are long, and may be cut off until one scrolls.
    committer,
  ];
}

export function vnodesSection({ newest }: Facts): Markup {
  if (newest === undefined)
    return section("vnodes", "Largest vnodes", html`<p>No seal that can be read is there.</p>`);
  const { epoch, bytes, vnodes, largest } = newest;
  return section(
    "vnodes",
    `Largest vnodes of epoch ${epoch}`,
    html`<p class="muted">
        ${shownOf(largest.length, vnodes, "vnode", "largest")} From is the epoch that a vnode was written in.
      </p>
      ${table(
        `Largest vnodes of epoch ${epoch}`,
        [
          { head: "Vnode", kind: "number" },
          { head: "Bytes", kind: "number" },
          { head: "Of the epoch", kind: "number" },
          { head: "Own", kind: "number" },
          { head: "From", kind: "number" },
          { head: "Where", kind: "free" },
        ],
        largest.map(({ vnode, size, ownBytes, from, place }) => [
          vnode,
          bytesText(size),
          percentOf(size, bytes),
          bytesText(ownBytes),
          from,
          place,
        ]),
      )}`,
  );
}

export function leadersSection({ fences }: Facts): Markup {
  const rows = fences
    .slice(0, shownRows)
    .map(({ version, instanceId, at, incarnation }, index) => [
      version,
      index === 0 ? "leads" : "shut out",
      instanceId ?? "unknown",
      timeText(at),
      incarnation ?? "unknown",
    ]);
  if (rows.length === 0) return section("leaders", "Leaders", html`<p>Nobody has claimed a version.</p>`);
  return section(
    "leaders",
    "Leaders",
    html`<p class="muted">
        ${shownOf(rows.length, fences.length, "fence")} The highest version leads. The times are by the clocks
        of those who claimed; prunes keep the last sixteen.
      </p>
      ${table(
        "Leaders",
        [
          { head: "Version", kind: "number" },
          { head: "State" },
          { head: "Claimed by", kind: "free" },
          { head: "At" },
          { head: "Incarnation", kind: "free" },
        ],
        rows,
      )}`,
  );
}

export function pinsSection({ pins }: Facts): Markup {
  if (pins.length === 0) return section("pins", "Pins", html`<p>Nothing is pinned.</p>`);
  return section(
    "pins",
    "Pins",
    html`<p class="muted">${count(pins.length, "pin")}. What is pinned is kept from every prune.</p>
      ${table(
        "Pins",
        [
          { head: "Epoch", kind: "number" },
          { head: "Name", kind: "free" },
          { head: "By", kind: "free" },
          { head: "At" },
          { head: "Seal" },
        ],
        pins.map(({ epoch, name, instanceId, at, sealed }) => [
          epoch,
          name,
          instanceId,
          timeText(at),
          sealed ? "there" : html`<span class="gone">gone</span>`,
        ]),
      )}`,
  );
}

/** `id` is what the page's own links lead to. */
export function section(id: string, heading: string, content: Markup): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-heading">
    <h2 id="${id}-heading">${heading}</h2>
    ${content}
  </section> `;
}

/** `3 epochs.`, or `The newest 50 of 1,234 epochs.` */
export function shownOf(shown: number, all: number, noun: string, which = "newest"): string {
  return shown === all
    ? `${count(all, noun)}.`
    : `The ${which} ${shown.toLocaleString("en")} of ${count(all, noun)}.`;
}
