import type { Finding, Severity } from "@state/core/verify";
import { bytesText, count } from "../output.ts";
import type { Facts } from "./facts.ts";
import { html, type Markup } from "./markup.ts";
import { section, shownOf } from "./sections.ts";

const about: Readonly<Record<Severity, { readonly noun: string; readonly meaning: string }>> = {
  damage: {
    noun: "finding of damage",
    meaning: "A restore, a takeover or a prune fails, or would give wrong bytes.",
  },
  warning: { noun: "warning", meaning: "Something is not as it was written, and nothing fails yet." },
  notice: {
    noun: "notice",
    meaning: "What a running job, a crash or a prune leaves behind: the store is sound all the same.",
  },
};

/** `2 findings of damage, 1 warning and 3 notices` */
export function countsText(counts: Facts["counts"]): string {
  const { damage, warning, notice } = counts;
  const findings = damage === 1 ? "finding" : "findings";
  return `${damage.toLocaleString("en")} ${findings} of damage, ${count(warning, "warning")} and ${count(notice, "notice")}`;
}

export function findingsSection({ counts, findings }: Facts): Markup {
  if (counts.damage + counts.warning + counts.notice === 0)
    return section("findings", "Findings", html`<p>Nothing was found.</p>`);
  const groups = (["damage", "warning", "notice"] as const).map((severity) =>
    group(
      severity,
      counts[severity],
      findings.filter((found) => found.severity === severity),
    ),
  );
  return section("findings", "Findings", html`${groups}`);
}

const headings: Readonly<Record<Severity, string>> = {
  damage: "Damage",
  warning: "Warnings",
  notice: "Notices",
};

function group(severity: Severity, number: number, findings: readonly Finding[]): Markup | undefined {
  if (number === 0) return undefined;
  const { noun, meaning } = about[severity];
  const shown =
    findings.length === number
      ? ""
      : ` ${shownOf(findings.length, number, noun, "first")} state verify prints them all.`;
  const heading = html`<h3 id="findings-${severity}">
    ${headings[severity]} (${number.toLocaleString("en")})
  </h3>`;
  const list = html`<p class="muted">${meaning}${shown}</p>
    <ul class="findings ${severity}" aria-labelledby="findings-${severity}">
      ${findings.map((found) => item(found))}
    </ul> `;
  // They ask for nothing to be done, and may be many.
  return severity === "notice"
    ? html`<details>
        <summary>${heading}</summary>
        ${list}
      </details> `
    : html`${heading} ${list}`;
}

function item({ kind, message, next, namedBy, objects, bytes }: Finding): Markup {
  const size = bytes === 0 ? "" : `, ${bytesText(bytes)}`;
  const seals =
    namedBy === undefined
      ? ""
      : namedBy.from === namedBy.to
        ? `; named by the seal of epoch ${namedBy.to}`
        : `; named by seals of epochs ${namedBy.from} to ${namedBy.to}`;
  return html`<li>
    <p>
      <span class="kind">${kind}</span> <span class="muted">${count(objects, "object")}${size}${seals}</span>
    </p>
    <p>${sentence(message)}</p>
    <p><strong>What to do:</strong> ${sentence(next)}</p>
  </li> `;
}

/** Some messages are sentences already. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
