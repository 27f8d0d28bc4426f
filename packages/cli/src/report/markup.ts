/** HTML that is safe to be put into HTML. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | undefined | readonly Part[];

/**
 * HTML around values. Every value that is not itself `Markup` is escaped, so that a name from the store cannot
 * become an element or leave its attribute: attributes have to be in double quotes.
 */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = literals[0] ?? "";
  for (const [index, part] of parts.entries()) text += textOf(part) + (literals[index + 1] ?? "");
  return new Markup(text);
}

function textOf(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "string") return escaped(part);
  if (typeof part === "number") return String(part);
  return part.map(textOf).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * What HTML forbids, and what would change the order in which a reader sees the rest of the line: control
 * characters, lone surrogates, and marks of direction. They are shown by their numbers.
 */
const unseen = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\uFEFF\uFFFE\uFFFF]/gu;

export function escaped(text: string): string {
  return text
    .replaceAll(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
