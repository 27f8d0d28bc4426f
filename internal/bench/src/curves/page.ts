/**
 * Replaces blocks of a Markdown page: the code block below `<!-- curves: NAME -->`.
 *
 * @param blocks by name, each of lines that end
 * @throws `Error` if the page has no such block
 */
export function replaceBlocks(page: string, blocks: ReadonlyMap<string, string>): string {
  let text = page;
  for (const [name, block] of blocks) {
    const mark = `<!-- curves: ${name} -->\n\n\`\`\`text\n`;
    const start = text.indexOf(mark);
    const end = text.indexOf("```", start + mark.length);
    if (start < 0 || end < 0) throw new Error(`the page has no block below <!-- curves: ${name} -->`);
    text = text.slice(0, start + mark.length) + block + text.slice(end);
  }
  return text;
}
