export interface Element {
  readonly name: string;
  /** As it stands in the document; `""` if it has children. */
  readonly text: string;
  readonly children: readonly Element[];
}

/** An element that may still be open. */
interface Open extends Element {
  text: string;
  readonly children: Element[];
}

/** The children of all that have none. */
const none: Element[] = [];

/** A tag, without what its attributes say, the text that follows, and the end of the element if that comes next. */
const tag = /<(\/?)([A-Za-z]\w*)(?: [^<>]*?)?(\/?)>([^<]*)(?:(<\/\2>)\s*)?/y;
const declaration = /^(?:<\?xml [^<>]*\?>)?\s*/;

/**
 * The root of a document that has elements and text and nothing else, as S3 writes it.
 *
 * @returns `undefined` for anything else that XML may hold, and for what is no XML: the SDK knows what it says
 */
export function readXml(document: string): Element | undefined {
  // XML reads other line ends as line feeds.
  if (document.includes("\r")) return undefined;
  const open: Open[] = [];
  tag.lastIndex = declaration.exec(document)?.[0].length ?? 0;
  for (let match = tag.exec(document); match !== null; match = tag.exec(document)) {
    const [, closes = "", name = "", isEmpty = "", text = "", end = ""] = match;
    const parent = open.at(-1);
    if (closes === "") {
      const hasText = isEmpty === "";
      if (!hasText && end !== "") return undefined;
      const element: Open = { name, text: hasText ? text : "", children: end === "" ? [] : none };
      if (parent !== undefined) {
        if (parent.text.trim() !== "") return undefined;
        parent.text = "";
        parent.children.push(element);
      }
      if (hasText && end === "") {
        open.push(element);
        continue;
      }
      if (parent === undefined) return undefined;
      if (hasText) continue;
    } else {
      // Two ends in one match: of an element in another one of its name.
      if (end !== "") return undefined;
      if (parent?.name !== name) return undefined;
      open.pop();
      if (open.length === 0) return isEnd(document, text) ? parent : undefined;
    }
    if (text.trim() !== "") return undefined;
  }
  return undefined;
}

/** What stands in a document for the rows that were cut out of it. A document that has it is read whole. */
const rowsMark = "RowsThatWereCutOut";

/** A document without the elements of one name that follow each other: a page has a thousand of them. */
export interface Table {
  /** What the pattern has found in each. */
  readonly rows: readonly RegExpExecArray[];
  /** The root, without them. */
  readonly root: Element;
}

/**
 * Reads a document whose rows have few forms: a pattern takes each row at once, which is several times as fast as to read its
 * elements. Rows that it does not know stay in the document, and so do those after them.
 *
 * @param name of a row
 * @param row is sticky, and takes a whole element and the white space after it
 * @returns `undefined` as `readXml` does, and if the rows are not children of the root, or come after others of their name
 */
export function readTable(document: string, name: string, row: RegExp): Table | undefined {
  const isPlain = !document.includes("\r") && !document.includes(rowsMark);
  const start = isPlain ? document.indexOf(`<${name}>`) : -1;
  const rows: RegExpExecArray[] = [];
  let end = start;
  row.lastIndex = start;
  for (let match = start < 0 ? null : row.exec(document); match !== null; match = row.exec(document)) {
    rows.push(match);
    end = row.lastIndex;
  }
  const rest =
    rows.length === 0 ? document : `${document.slice(0, start)}<${rowsMark}/>${document.slice(end)}`;
  const root = readXml(rest);
  if (root === undefined) return undefined;
  if (rows.length === 0) return { rows, root };
  const at = root.children.findIndex((child) => child.name === rowsMark);
  const before = root.children.slice(0, Math.max(at, 0));
  if (at < 0 || before.some((child) => child.name === name)) return undefined;
  return { rows, root: { ...root, children: root.children.toSpliced(at, 1) } };
}

function isEnd(document: string, text: string): boolean {
  return tag.lastIndex === document.length && text.trim() === "";
}

const named: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** @returns `undefined` if the text has an entity that XML does not have by itself */
export function decoded(text: string): string | undefined {
  if (!text.includes("&")) return text;
  let isKnown = true;
  const result = text.replaceAll(
    /&(?:#x([\dA-Fa-f]{1,6})|#(\d{1,7})|(\w+))?;?/g,
    (all, hex, decimal, name) => {
      const char =
        name === undefined
          ? charOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
          : named.get(name);
      isKnown &&= char !== undefined && all.endsWith(";");
      return char ?? "";
    },
  );
  return isKnown ? result : undefined;
}

function charOf(code: number): string | undefined {
  return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : undefined;
}

/** The texts of the children of that name. One is `undefined` if it has an entity that XML does not have by itself. */
export function textsOf({ children }: Element, name: string): readonly (string | undefined)[] {
  return children.filter((child) => child.name === name).map(({ text }) => decoded(text));
}
