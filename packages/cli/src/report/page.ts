import { bytesText, count, timeText } from "../output.ts";
import { lookedAt } from "../reading.ts";
import { barsOf, type Bars } from "./bars.ts";
import { type Facts, isSound } from "./facts.ts";
import { countsText, findingsSection } from "./findings.ts";
import { html, Markup, type Part } from "./markup.ts";
import { epochsSection, leadersSection, pinsSection, section, vnodesSection } from "./sections.ts";
import { style } from "./style.ts";
import { scrolling } from "./table.ts";
import { bytesChart, describedBars, percentOf, reuseChart, takenOf } from "./timeline.ts";

/** Nothing may be loaded or run, even if a name were to escape its place. The icon keeps browsers from asking for one. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The whole report: one page that needs nothing else. */
export function pageOf(facts: Facts): string {
  const { url, at } = facts;
  const drawn = barsOf(facts.epochs);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="color-scheme" content="light dark" />
        <title>Checkpoints of ${url}</title>
        <link rel="icon" href="data:," />
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        <header>
          <h1>Checkpoints of <bdi>${url}</bdi></h1>
          <p class="muted">As of <time datetime="${new Date(at).toISOString()}">${timeText(at)}</time></p>
          ${navigation()}
        </header>
        <main>
          ${verdict(facts)}${summary(facts)}${findingsSection(facts)}${drawings(facts, drawn)}${epochsSection(facts)}${vnodesSection(facts)}${leadersSection(facts)}${pinsSection(facts)}
        </main>
        <footer>
          <p>Written by <code>state report</code>. All times are UTC.</p>
        </footer>
      </body>
    </html> `.text;
}

const links = [
  ["findings", "Findings"],
  ["timeline", "Timeline"],
  ["reuse", "Reuse"],
  ["epochs", "Epochs"],
  ["vnodes", "Vnodes"],
  ["leaders", "Leaders"],
  ["pins", "Pins"],
] as const;

function navigation(): Markup {
  return html`<nav aria-label="On this page">
    <ul>
      ${links.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li> `)}
    </ul>
  </nav>`;
}

function verdict(facts: Facts): Markup {
  const { deep, counts, progress, fault, limit } = facts;
  const sound = isSound(facts);
  const seen = progress === undefined ? "No epoch is there" : `Looked at: ${lookedAt(progress)}`;
  const how = deep
    ? "Every object that a seal names was read, and its SHA-256 compared."
    : "Sizes were compared with listings; the bytes were not read, which --deep does.";
  const cut =
    limit === undefined
      ? undefined
      : html`<p>
          Of the epochs the newest ${limit.toLocaleString("en")} were looked at, by --limit, and what these
          name of older ones: what else older ones hold is not on this page.
        </p>`;
  const missing =
    fault === undefined
      ? undefined
      : html`<p>
          The namespace cannot be opened, so that epochs, sizes and pins are missing here: ${fault}.
        </p>`;
  return html`<section
    id="verdict"
    class="verdict${sound ? "" : " unsound"}"
    aria-labelledby="verdict-heading"
  >
    <h2 id="verdict-heading">
      ${sound ? (limit === undefined ? "Sound" : "Sound, as far as it was looked at") : "Not sound: there are findings"}
    </h2>
    <p>${countsText(counts)}. ${seen}. ${how}</p>
    ${cut}${missing}
  </section> `;
}

function summary({ control, fences, epochs, newest, limit }: Facts): Markup {
  const leader = fences[0];
  const newestSeal = epochs.findLast(({ seal }) => seal !== undefined)?.seal;
  const sealed = epochs.filter(({ state }) => state === "sealed").length;
  const others = (["void", "open", "given-up", "unreadable"] as const).flatMap((state) => {
    const number = epochs.filter((other) => other.state === state).length;
    return number === 0 ? [] : [`${number.toLocaleString("en")} ${state}`];
  });
  return html`<dl class="facts">
    ${fact(
      "Leader",
      leader === undefined ? "Nobody" : (leader.instanceId ?? "unknown"),
      leader === undefined
        ? "nobody has claimed a version"
        : html`version ${leader.version}, since ${moment(leader.at)} by its own clock`,
    )}${fact(
      "Newest sealed epoch",
      newest?.epoch ?? "None",
      newestSeal === undefined ? "" : html`by ${newestSeal.committer}, ${moment(newestSeal.at)}`,
    )}${fact(
      "It holds",
      newest === undefined ? "-" : bytesText(newest.bytes),
      newestSeal === undefined
        ? ""
        : `${count(newestSeal.vnodes, "vnode")}; ${bytesText(newestSeal.ownBytes)} are its own`,
    )}${fact(
      "Epochs",
      control === undefined
        ? "unknown"
        : `${sealed.toLocaleString("en")} sealed${limit === undefined ? "" : `, of the newest ${limit.toLocaleString("en")}`}`,
      others.length === 0 ? "no others" : others.join(", "),
    )}${fact(
      "Pruned",
      control === undefined ? "unknown" : control.floor === 0 ? "Nothing" : `Below epoch ${control.floor}`,
      control === undefined || control.givenUp.length === 0
        ? ""
        : `${count(control.givenUp.length, "epoch")} given up: ${control.givenUp.slice(0, 10).join(", ")}`,
    )}${fact("Capacity", control?.vnodeCapacity === undefined ? "unknown" : count(control.vnodeCapacity, "vnode"), "")}
  </dl> `;
}

function fact(name: string, value: Part, more: Part): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd><strong>${value}</strong> ${more}</dd>
  </div> `;
}

function drawings({ epochs }: Facts, drawn: Bars): Markup {
  const nothing = html`<p>No epoch can be shown.</p>`;
  if (epochs.length === 0)
    return html`${section("timeline", "Timeline", nothing)}${section("reuse", "Reuse", nothing)}`;
  const [taken, bytes] = takenOf(drawn.bars);
  return html`${section(
    "timeline",
    "Timeline",
    html`<ul class="legend">
        <li><span class="swatch own"></span>Own: written in the epoch</li>
        <li><span class="swatch taken"></span>Taken over from earlier epochs (striped)</li>
      </ul>
      <figure>
        ${scrolling("Timeline", bytesChart(drawn))}
        <figcaption>
          Bytes of each epoch. ${describedBars(drawn)} An epoch without a seal has a mark in a row below the
          bars, where the seal before it stands.
        </figcaption>
      </figure>`,
  )}${section(
    "reuse",
    "Reuse",
    html`<p>
        ${bytes === 0 ? "No sealed epoch holds any bytes." : `Of ${bytesText(bytes)} in all sealed epochs, ${percentOf(taken, bytes)} were taken over from earlier ones, and not written again.`}
      </p>
      <figure>
        ${scrolling("Reuse", reuseChart(drawn))}
        <figcaption>Share of its bytes that each epoch took over, with the same bars as above.</figcaption>
      </figure>`,
  )}`;
}

/** It does not break at the hyphens of its date. */
function moment(at: number | undefined): Markup {
  return html`<span class="moment">${timeText(at)}</span>`;
}
