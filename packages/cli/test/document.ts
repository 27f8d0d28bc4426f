import { type DefaultTreeAdapterTypes, type ParserError, parse } from "parse5";

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** A page as a browser reads it. */
export class Document {
  readonly source: string;
  /** What the HTML standard calls errors. */
  readonly errors: readonly string[];
  readonly #elements: readonly Element[];

  constructor(source: string) {
    const errors: string[] = [];
    const onParseError = ({ code, startLine }: ParserError): void =>
      void errors.push(`${code} in line ${startLine}`);
    this.source = source;
    this.#elements = within(parse(source, { onParseError }));
    this.errors = errors;
  }

  get title(): string {
    return this.all("title").map(textOf)[0] ?? "";
  }

  all(...names: readonly string[]): readonly Element[] {
    return this.#elements.filter(({ tagName }) => names.includes(tagName));
  }

  /** Every value of this attribute. */
  values(attribute: string): readonly string[] {
    return this.#elements.flatMap((element) => valueOf(element, attribute) ?? []);
  }

  /** The ids that the page's links and names lead to. */
  references(): readonly string[] {
    const links = this.values("href").filter((href) => href.startsWith("#"));
    const names = this.values("aria-labelledby").flatMap((list) => list.split(" "));
    const patterns = this.values("fill").flatMap((fill) => /^url\(#(.*)\)$/.exec(fill)?.[1] ?? []);
    return [...links.map((href) => href.slice(1)), ...names, ...patterns];
  }

  /** The text of what has this id. */
  text(id: string): string {
    return this.#byId(id).map(textOf).join("");
  }

  textOf(element: Element): string {
    return textOf(element);
  }

  /** The rows of a section's table, without its heads. */
  rows(id: string): readonly (readonly string[])[] {
    return this.#byId(id)
      .flatMap((section) => within(section, "tbody"))
      .flatMap((body) => within(body, "tr"))
      .map((row) => within(row, "th", "td").map(textOf));
  }

  /** The list of facts at the top, by name. */
  facts(): Readonly<Record<string, string>> {
    const values = this.all("dd").map(textOf);
    return Object.fromEntries(this.all("dt").map((name, index) => [textOf(name), values[index] ?? ""]));
  }

  /** How many heads each table has, how many cells its rows have, and the scope of each of its heads. */
  tables(): readonly { columns: number; widths: readonly number[]; scopes: readonly unknown[] }[] {
    return this.all("table").map((table) => ({
      columns: within(table, "thead").flatMap((head) => within(head, "th")).length,
      widths: within(table, "tr").map((row) => within(row, "th", "td").length),
      scopes: within(table, "th").map((head) => valueOf(head, "scope")),
    }));
  }

  childNames(element: Element): readonly string[] {
    return element.childNodes.flatMap((child) => ("tagName" in child ? [child.tagName] : []));
  }

  #byId(id: string): readonly Element[] {
    return this.#elements.filter((element) => valueOf(element, "id") === id);
  }
}

function valueOf(element: Element, name: string): string | undefined {
  return element.attrs.find((attribute) => attribute.name === name)?.value;
}

/** The elements in it at any depth; of these names, if there are any. */
function within(node: Node, ...names: readonly string[]): Element[] {
  const children = "childNodes" in node ? node.childNodes : [];
  const all = children.flatMap((child) => ("tagName" in child ? [child, ...within(child)] : []));
  return names.length === 0 ? all : all.filter(({ tagName }) => names.includes(tagName));
}

/** Its text, with single spaces. */
function textOf(node: Node): string {
  return rawTextOf(node).replaceAll(/\s+/g, " ").trim();
}

function rawTextOf(node: Node): string {
  if ("value" in node) return node.value;
  return "childNodes" in node ? node.childNodes.map(rawTextOf).join("") : "";
}
