#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { run } from "./run.ts";
import type { Template } from "./template.ts";

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

const template = await readFile(new URL("template.json", import.meta.url), "utf8");
process.exitCode = await run(process.argv.slice(2), {
  directory: process.cwd(),
  template: JSON.parse(template) as Template,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  ...(process.stdin.isTTY && { ask }),
});
