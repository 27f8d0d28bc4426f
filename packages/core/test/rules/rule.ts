/** One rule of the protocol. `rules.ts` lists them all. */
export interface Rule {
  /** As it stands in the source (`// rule: <id>`), in `docs/protocol.md` and in the backend suite. */
  readonly id: string;
  /** One sentence. */
  readonly says: string;
  /** The heading of `docs/protocol.md` that it stands under. */
  readonly section: string;
  /** How to take it out of the source, at the syntax node that its marker stands before. */
  readonly without: Edit;
  /** Whether the random simulation is shown to notice that it is missing. */
  readonly simulated?: true;
}

/**
 * An edit of one syntax node. The node's **value** is what it decides by or comes to: an `if`'s condition, a
 * declaration's initializer, what is returned, assigned or thrown, a property's value, an arrow function's body; any
 * other expression is its own. The value's **operands** are the sides of a chain of one operator, a call's arguments, an
 * array's elements, or a conditional's three parts.
 */
export type Edit =
  /** The statement is gone. */
  | { readonly kind: "drop" }
  /** The function returns here instead, with nothing. */
  | { readonly kind: "leave" }
  /** The statement and the next one change places. */
  | { readonly kind: "swap" }
  /** The value is this code; in it `$0`, `$1` … stand for the operands, `$this` for what a method is called on. */
  | { readonly kind: "force"; readonly code: string }
  /** The value is one of its operands. */
  | { readonly kind: "keep"; readonly operand: number }
  /** One operand is gone. */
  | { readonly kind: "omit"; readonly operand: number }
  /** One operand is this code. */
  | { readonly kind: "operand"; readonly operand: number; readonly code: string }
  /** The value's operator is another. */
  | { readonly kind: "operator"; readonly operator: string }
  /** This code follows the statement; `$0`, `$1` … as above. */
  | { readonly kind: "after"; readonly code: string };

export const drop: Edit = { kind: "drop" };
export const leave: Edit = { kind: "leave" };
export const swap: Edit = { kind: "swap" };
export const force = (code: string): Edit => ({ kind: "force", code });
export const keep = (operand: number): Edit => ({ kind: "keep", operand });
export const omit = (operand: number): Edit => ({ kind: "omit", operand });
export const replaceOperand = (operand: number, code: string): Edit => ({ kind: "operand", operand, code });
export const operator = (text: string): Edit => ({ kind: "operator", operator: text });
export const after = (code: string): Edit => ({ kind: "after", code });
