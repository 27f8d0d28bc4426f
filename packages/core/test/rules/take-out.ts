import { parseAst } from "rolldown/parseAst";
import type { Edit } from "./rule.ts";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Place {
  readonly node: Node;
  /** The list that the node is one of, or the node alone. */
  readonly siblings: readonly Node[];
}

const marker = /^[ \t]*\/\/ rule: (\S+)$/gm;

/** The ids of the rules that are marked in a source, in order. */
export function markedRules(source: string): readonly string[] {
  return Array.from(source.matchAll(marker), ([, id = ""]) => id);
}

/** The source without the rule. @throws if the rule is not marked once, or the edit does not fit what it is marked at */
export function takeOut(source: string, id: string, edit: Edit): string {
  const marks = [...source.matchAll(marker)].filter(([, marked]) => marked === id);
  const [mark] = marks;
  if (mark === undefined || marks.length > 1)
    throw new Error(`${id} is marked ${marks.length} times, not once`);
  const place = placeAfter(source, mark.index + mark[0].length);
  if (place === undefined) throw new Error(`${id}: nothing stands after the marker`);
  const misfit = (why: string): Error => new Error(`${id}: ${edit.kind} does not fit: ${why}`);
  return edited(source, place, edit, misfit);
}

function edited(source: string, place: Place, edit: Edit, misfit: (why: string) => Error): string {
  const { node, siblings } = place;
  const text = ({ start, end }: Node): string => source.slice(start, end);
  const splice = ({ start, end }: Pick<Node, "start" | "end">, code: string): string =>
    source.slice(0, start) + code + source.slice(end);
  const value = valueOf(node);
  const operands = operandsOf(value);
  const operand = (index: number): Node => {
    const found = operands[index];
    if (found === undefined) throw misfit(`there are ${operands.length} operands`);
    return found;
  };
  const filledIn = (code: string): string => {
    checkNames(code, source, misfit);
    return code
      .replaceAll("$this", () => text(objectOf(value, misfit)))
      .replaceAll(/\$(\d)/g, (_, index: string) => text(operand(Number(index))));
  };

  switch (edit.kind) {
    case "drop":
      return splice(node, "");
    case "leave":
      return splice(node, "return;");
    case "swap": {
      const next = siblings[siblings.indexOf(node) + 1];
      if (next === undefined) throw misfit("no statement follows");
      const between = source.slice(node.end, next.start);
      return splice({ start: node.start, end: next.end }, text(next) + between + text(node));
    }
    case "force":
      return splice(value, `(${filledIn(edit.code)})`);
    case "keep":
      return splice(value, `(${text(operand(edit.operand))})`);
    case "operand":
      return splice(operand(edit.operand), filledIn(edit.code));
    case "omit": {
      if (value.type !== "ArrayExpression") throw misfit("it is no array");
      const omitted = operand(edit.operand);
      const kept = operands.filter((element) => element !== omitted).map(text);
      return splice(value, `[${kept.join(", ")}]`);
    }
    case "operator": {
      const [left, right] = [operand(0), operand(1)];
      return splice({ start: left.end, end: right.start }, ` ${edit.operator} `);
    }
    case "after":
      break;
  }
  return splice({ start: node.end, end: node.end }, `\n${filledIn(edit.code)}`);
}

/** The outermost node that begins with the first code after `offset`. */
function placeAfter(source: string, offset: number): Place | undefined {
  const gap = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*/.exec(source.slice(offset))?.[0].length ?? 0;
  const start = offset + gap;
  const visit = (parent: Node): Place | undefined => {
    for (const field of Object.values(parent)) {
      const siblings = (Array.isArray(field) ? field : [field]).filter(isNode);
      for (const node of siblings) {
        if (node.start === start) return { node, siblings };
        if (node.start > start || node.end <= start) continue;
        const place = visit(node);
        if (place !== undefined) return place;
      }
    }
    return undefined;
  };
  return visit(parseAst(source, { lang: "ts" }) as unknown as Node);
}

/** What a node decides by or comes to. See `Edit`. */
function valueOf(node: Node): Node {
  const within = (field: string): Node => {
    const inner = node[field];
    return isNode(inner) ? valueOf(inner) : node;
  };
  switch (node.type) {
    case "IfStatement":
      return within("test");
    case "VariableDeclaration": {
      const [declarator] = node["declarations"] as readonly Node[];
      const init = declarator?.["init"];
      return isNode(init) ? valueOf(init) : node;
    }
    case "ReturnStatement":
    case "ThrowStatement":
    case "YieldExpression":
      return within("argument");
    case "ExpressionStatement":
      return within("expression");
    case "AssignmentExpression":
      return within("right");
    case "Property":
      return within("value");
    case "ArrowFunctionExpression":
      return within("body");
    default:
      return node;
  }
}

function operandsOf(value: Node): readonly Node[] {
  const nodes = (field: string): readonly Node[] => (value[field] as readonly unknown[]).filter(isNode);
  const node = (field: string): readonly Node[] => [value[field]].filter(isNode);
  switch (value.type) {
    case "AwaitExpression":
    case "ParenthesizedExpression":
      return node(value.type === "AwaitExpression" ? "argument" : "expression").flatMap(operandsOf);
    case "LogicalExpression":
    case "BinaryExpression":
      return [...node("left"), ...node("right")].flatMap((side) =>
        side.type === value.type && side["operator"] === value["operator"] ? operandsOf(side) : [side],
      );
    case "ConditionalExpression":
      return [...node("test"), ...node("consequent"), ...node("alternate")];
    case "CallExpression":
    case "NewExpression":
      return nodes("arguments");
    case "ArrayExpression":
      return nodes("elements");
    default:
      return [];
  }
}

/** What a method is called on. */
function objectOf(value: Node, misfit: (why: string) => Error): Node {
  const call = value.type === "AwaitExpression" ? value["argument"] : value;
  const callee = isNode(call) ? call["callee"] : undefined;
  const object = isNode(callee) ? callee["object"] : undefined;
  if (!isNode(object)) throw misfit("it is no call of a method");
  return object;
}

/** Code that names what the source no longer has would fail every test, and prove nothing. */
function checkNames(code: string, source: string, misfit: (why: string) => Error): void {
  const bare = code.replaceAll(/"[^"]*"|`[^`]*`|'[^']*'/g, "").replaceAll(/\.\s*\w+|\$\w+/g, "");
  const declared = Array.from(bare.matchAll(/\b(?:const|let)\s+(\{.*?\} |\w+)/g), ([, names = ""]) => names);
  for (const [name] of bare.matchAll(/[A-Za-z_]\w*/g)) {
    if (allowedNames.has(name) || declared.some((names) => names.split(/\W+/).includes(name))) continue;
    if (new RegExp(`\\b${name}\\b`).test(source)) continue;
    throw misfit(`the source has no ${name}`);
  }
}

const allowedNames = new Set(
  "_ String undefined true false null async await const let for of if in new return throw typeof import Array Error globalThis length".split(
    " ",
  ),
);

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "type") === "string";
}
