import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { count } from "../output.ts";
import { factsOf, isSound } from "../report/facts.ts";
import { checkAbsent, writeWhole } from "../report/file.ts";
import { countsText } from "../report/findings.ts";
import { pageOf } from "../report/page.ts";
import { UsageError } from "../usage-error.ts";

export const report: Command = {
  name: "report",
  operands: [],
  summary: "a page of the whole store, for people who were not there",
  about:
    "It verifies the store, and writes one HTML file that needs nothing else: the verdict, who leads, a timeline of the epochs, what they take over from each other, the newest epochs, the largest vnodes, leaders, pins, and each finding with what to do. It writes nothing to the store. Without --deep it compares sizes, by listings alone.",
  options: {
    html: { type: "string", value: "FILE", help: "where the page goes" },
    deep: { type: "boolean", help: "read every object" },
    limit: {
      type: "string",
      value: "N",
      help: "the newest N epochs alone, and what they name of older ones",
    },
    force: { type: "boolean", help: "replace FILE, if it is there" },
  },
  examples: [
    "report fs:./checkpoints --html report.html",
    "report s3://bucket/job --limit 200 --html report.html",
    "report s3://bucket/job --deep --html report.html --force",
  ],
  async run(call) {
    const { output, options } = call;
    const name = options.text("html");
    if (name === undefined || name === "")
      throw new UsageError("say where the page goes: state report STORE --html FILE");
    const file = resolve(name);
    const isReplacing = options.flag("force");
    if (!isReplacing) await checkAbsent(file);
    const limit = options.integer("limit", 1);
    const facts = await factsOf(call, { at: Date.now(), deep: options.flag("deep"), limit });
    await writeWhole(file, pageOf(facts), isReplacing);
    const { counts, deep, progress } = facts;
    const sound = isSound(facts);
    output.json({ type: "report", file, sound, deep, limit, ...counts, ...progress });
    const seen = limit === undefined ? "" : ` in the newest ${count(limit, "epoch")}`;
    const verdict = `${sound ? "sound" : "not sound"}${seen}; ${countsText(counts)}`;
    output.line(output.style(sound ? "green" : "red", verdict));
    output.line(`the report is in ${file}`);
    return sound ? exitCodes.sound : exitCodes.finding;
  },
};
