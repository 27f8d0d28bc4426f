const maxPrefixBytes = 120;
// XML, logs, URLs and consoles each treat these characters differently. A `\` becomes a `/` on its way to some services.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f\\\ufffe\uffff]/;

/**
 * A store's own prefix as it stands before every key: `""`, or ending in exactly one `/`. With or without a `/` at its end
 * it is the same prefix.
 *
 * @throws `TypeError` unless it is at most 120 bytes of UTF-8, and its segments are neither empty nor end in a dot
 */
export function prefixOf(prefix: unknown): string {
  if (prefix === undefined || prefix === "") return "";
  const path = typeof prefix === "string" && prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const fault = faultOf(path);
  if (typeof path !== "string" || fault !== undefined)
    throw new TypeError(`the prefix ${JSON.stringify(prefix)} cannot be used: ${fault}`);
  return `${path}/`;
}

function faultOf(path: unknown): string | undefined {
  if (typeof path !== "string") return `it is of type ${typeof path}`;
  if (!path.isWellFormed()) return "it is not well-formed Unicode";
  if (forbidden.test(path)) return "it has a control character or a backslash";
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > maxPrefixBytes) return `it is ${bytes} bytes long, ${maxPrefixBytes} is the most`;
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    // URLs lose the segments `.` and `..`, and Azure and Windows the dot at a segment's end.
    if (segment.endsWith(".")) return "it has a segment that ends in a dot";
  }
  return undefined;
}
