import { XMLBuilder, XMLParser, XMLValidator } from "fast-xml-parser";

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const builder = new XMLBuilder({ ignoreAttributes: false });
const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => name === "Object",
});

type Content = Readonly<Record<string, unknown>>;

export function resultXml(name: string, content: Content): string {
  return declaration + builder.build({ [name]: { "@_xmlns": namespace, ...content } });
}

export function errorXml(content: Content): string {
  return declaration + builder.build({ Error: content });
}

/** The keys of a `Delete`, and whether it asks for failures only; `undefined` if it is not one. */
export function parseDelete(
  text: string,
): { readonly keys: readonly string[]; readonly isQuiet: boolean } | undefined {
  if (XMLValidator.validate(text) !== true) return undefined;
  const parsed: unknown = parser.parse(text);
  const root = fieldOf(parsed, "Delete");
  const objects = fieldOf(root, "Object");
  if (!Array.isArray(objects)) return undefined;
  const keys = objects.map((object) => fieldOf(object, "Key"));
  if (!keys.every((key) => typeof key === "string")) return undefined;
  return { keys, isQuiet: fieldOf(root, "Quiet") === "true" };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
