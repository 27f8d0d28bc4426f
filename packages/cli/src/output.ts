import { stripVTControlCharacters, styleText } from "node:util";
import type { Terminal } from "./terminal.ts";

type Style = Parameters<typeof styleText>[0];

/** What a program reads: one value a line, in place of what a person would. */
export type JsonValue = object;

/** Tables for people, or JSON for programs. */
export class Output {
  readonly isJson: boolean;
  readonly #terminal: Terminal;
  #progress = "";

  constructor(terminal: Terminal, isJson: boolean) {
    this.#terminal = terminal;
    this.isJson = isJson;
  }

  /** A value for a program; a person gets nothing of it. */
  json(value: JsonValue): void {
    if (this.isJson) this.#terminal.write(`${JSON.stringify(value)}\n`);
  }

  /** A line for a person. */
  line(text = ""): void {
    if (this.isJson) return;
    this.#clear();
    this.#terminal.write(`${text}\n`);
  }

  /** Rows under heads. A head that ends in `>` stands above numbers. */
  table(heads: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.isJson || rows.length === 0) return;
    const names = heads.map((head) => head.replace(/>$/, ""));
    const widths = names.map((name, column) =>
      Math.max(name.length, ...rows.map((row) => plainLength(row[column] ?? ""))),
    );
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, column) => {
          const room = " ".repeat((widths[column] ?? 0) - plainLength(cell));
          return heads[column]?.endsWith(">") === true ? room + cell : cell + room;
        })
        .join("  ")
        .trimEnd();
    this.line(this.style("dim", line(names)));
    for (const row of rows) this.line(line(row));
  }

  style(style: Style, text: string): string {
    return this.#terminal.hasColor && !this.isJson ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Shows how far a long work has come, in place of what it said before. */
  progress(text: string): void {
    if (!this.#terminal.isTerminal) return;
    this.#clear();
    this.#progress = text.slice(0, this.#terminal.columns - 1);
    this.#terminal.writeError(this.#progress);
  }

  /** What is for a person's eyes whatever the output is. */
  note(text: string): void {
    this.#clear();
    this.#terminal.writeError(`${text}\n`);
  }

  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (this.#progress === "") return;
    this.#terminal.writeError(`\r${" ".repeat(this.#progress.length)}\r`);
    this.#progress = "";
  }
}

function plainLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.5 MiB` */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** `2026-01-31 23:59:59Z`, or `-`; a clock may have said what is no date. */
export function timeText(at: number | undefined): string {
  const isDate = at !== undefined && Math.abs(at) <= 8.64e15;
  return !isDate ? "-" : new Date(at).toISOString().replace("T", " ").replace(/\.\d+/, "");
}

/** `3 epochs` */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : noun.endsWith("x") ? "es" : "s"}`;
}
