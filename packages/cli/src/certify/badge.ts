const font = 'font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11"';
/** Of a letter in that font, on average; `textLength` makes it so in any other. */
const letterWidth = 6.5;
const margin = 7;
const height = 20;

/** A small picture for a README that says whether the store was certified. */
export function badge(isCertified: boolean): string {
  const [label, verdict] = ["@state checkpoints", isCertified ? "certified" : "not certified"];
  const left = widthOf(label);
  const right = widthOf(verdict);
  const width = left + right;
  const color = isCertified ? "#2a7d3f" : "#b3261e";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="${label}: ${verdict}">
  <title>${label}: ${verdict}</title>
  <clipPath id="r"><rect width="${width}" height="${height}" rx="3"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="${left}" height="${height}" fill="#444"/>
    <rect x="${left}" width="${right}" height="${height}" fill="${color}"/>
  </g>
  <g fill="#fff" text-anchor="middle" ${font}>
    ${textIn(label, 0, left)}
    ${textIn(verdict, left, right)}
  </g>
</svg>
`;
}

function widthOf(text: string): number {
  return Math.round(text.length * letterWidth) + 2 * margin;
}

function textIn(text: string, from: number, width: number): string {
  return `<text x="${from + width / 2}" y="14" textLength="${width - 2 * margin}">${text}</text>`;
}
