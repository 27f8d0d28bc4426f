/** The page's only style. Colours are at least 4.5 to 1 on their ground for text, and 3 to 1 for drawings. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f6f8; --line: #d3d8de; --text: #1b1f24; --muted: #545d68;
  --link: #0b57a4; --own: #1f62ad; --stripe: #5d6b7a; --stripe-ground: #dbe1e8;
  --good: #1a6b35; --warning: #7d4a00; --damage: #a40e26;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --raised: #1d2126; --line: #3a4149; --text: #e5e8ec; --muted: #a6afb9;
    --link: #8ec1f7; --own: #6facec; --stripe: #98a5b3; --stripe-ground: #2f3740;
    --good: #74d292; --warning: #f0bb5f; --damage: #ff9a98;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
footer { padding-bottom: 3rem; color: var(--muted); font-size: .875rem; }
h1 { margin: 0; font-size: 1.625rem; line-height: 1.25; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 48rem; }
a { color: var(--link); }
code { font: .9em ui-monospace, monospace; }
.muted { color: var(--muted); }
.moment { white-space: nowrap; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1rem 0 0; padding: 0; list-style: none; }
nav a { display: inline-block; padding: .25rem 0; }
.verdict {
  margin: 1.5rem 0 0; padding: 1rem 1.25rem; background: var(--raised);
  border-left: .375rem solid var(--good); border-radius: .25rem;
}
.verdict.unsound { border-color: var(--damage); }
.verdict h2 { margin: 0; }
.verdict p { margin-bottom: 0; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1rem 2rem; margin: 1.5rem 0 0; }
dl.facts div { border-top: 1px solid var(--line); padding-top: .5rem; }
dt { color: var(--muted); font-size: .875rem; }
dd { margin: 0; }
dd strong { display: block; font-size: 1.125rem; font-weight: 600; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .25rem; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
figure { margin: 1rem 0 0; }
figcaption { margin-top: .5rem; color: var(--muted); font-size: .875rem; max-width: 48rem; }
svg { display: block; width: 100%; min-width: 46rem; height: auto; }
.scroll > svg { padding: .5rem .25rem; }
svg text { fill: var(--muted); font: 13px system-ui, sans-serif; }
.grid { stroke: var(--line); }
.tick { stroke: var(--muted); }
.own { fill: var(--own); }
.taken { stroke: var(--stripe); stroke-width: .75; }
.stripe { fill: var(--stripe); }
.stripe-ground { fill: var(--stripe-ground); }
.mark { fill: none; stroke: var(--text); stroke-width: 2; }
.bad { stroke: var(--damage); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; padding: 0; list-style: none; font-size: .875rem; }
.swatch { display: inline-block; width: 1rem; height: .875rem; margin-right: .5rem; vertical-align: -.0625rem; }
.swatch.own { background: var(--own); }
.swatch.taken { background: repeating-linear-gradient(var(--stripe) 0 2px, var(--stripe-ground) 2px 4px); }
table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4375rem .625rem; text-align: left; vertical-align: top; white-space: nowrap; overflow-wrap: normal; unicode-bidi: isolate; }
thead th { background: var(--raised); font-weight: 600; }
tbody th { font-weight: 600; }
tbody tr { border-top: 1px solid var(--line); }
th.number, td.number { text-align: right; }
.state { font-weight: 600; }
.state-unreadable, .state-given-up, .gone { color: var(--damage); }
.state-open, .state-void { color: var(--muted); }
.findings { margin: 0; padding: 0; list-style: none; }
.findings li { padding: .75rem 1rem; border: 1px solid var(--line); border-left-width: .25rem; margin-bottom: .75rem; border-radius: .25rem; }
.findings p { margin: .25rem 0 0; }
.damage li { border-left-color: var(--damage); }
.warning li { border-left-color: var(--warning); }
.kind { font-weight: 600; }
.damage .kind { color: var(--damage); }
.warning .kind { color: var(--warning); }
summary { cursor: pointer; padding: .25rem 0; }
summary h3 { display: inline; }
@media print {
  body { font-size: 10pt; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  nav { display: none; }
  .scroll { overflow: visible; border: 0; }
  svg { min-width: 0; }
  table { font-size: 8pt; }
  th, td { padding: .25rem .375rem; }
  td { white-space: normal; overflow-wrap: break-word; }
  td.number { white-space: nowrap; }
  td.free { overflow-wrap: anywhere; }
  tr, li, figure { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .own, .taken, .swatch, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; height: auto; }
}
`;
