import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { writingOptions } from "../arguments.ts";
import { badge } from "../certify/badge.ts";
import { certify as certifyStore, type Certified, certifyIds, newFolder } from "../certify/certify.ts";
import type { Left } from "../certify/cleaning.ts";
import type { RaceResult } from "../certify/races/race.ts";
import type { WholeListings } from "../certify/races/whole.ts";
import { reportOf } from "../certify/report.ts";
import type { CaseResult } from "../certify/suite.ts";
import type { Command, Options } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { count, type Output } from "../output.ts";
import { UsageError } from "../usage-error.ts";

const { yes } = writingOptions;

export const certify: Command = {
  name: "certify",
  operands: [],
  summary: "says whether a store can hold checkpoints",
  about:
    "It runs the conformance suite of the store contract; then several processes race for the same keys, as leaders of a job do; and it says whether the store lists whole pages. Everything is written in a folder of its own, certify-..., and deleted at the end, also after Ctrl-C. On a store of a cloud this is some ten thousand requests, and some hundred megabytes that stay for minutes. Nothing that is found proves a store sound; what it finds proves that it is not.",
  options: {
    seconds: { type: "string", value: "N", help: "how long the races take; 60 unless said" },
    processes: { type: "string", value: "N", help: "how many processes race, 2 to 32; 4 unless said" },
    only: { type: "string", value: "IDS", help: "these cases and races alone: create.race,race.create" },
    report: { type: "string", value: "FILE", help: "write what was seen, as JSON" },
    badge: { type: "string", value: "FILE", help: "write a small picture of the verdict, as SVG" },
    ...(yes === undefined ? {} : { yes }),
  },
  examples: [
    "certify fs:./checkpoints",
    "certify s3://bucket/job --seconds 300 --report certified.json --yes",
    "certify gs://bucket/job --only race.create,race.create-large",
  ],
  async run({ url, directory, options, output, signal, confirm }) {
    const seconds = options.integer("seconds", 1) ?? 60;
    const processes = options.integer("processes", 2) ?? 4;
    if (processes > 32) throw new UsageError(`--processes must be at most 32, not ${processes}`);
    const only = onlyOf(options);
    const adapter = options.text("adapter");
    const [reportFile, badgeFile] = [options.text("report"), options.text("badge")];
    if (badgeFile !== undefined && only !== undefined)
      throw new UsageError("a badge is for the whole: leave out --only or --badge");
    const folder = newFolder();
    await confirm({
      will: `In ${url} the folder ${folder} will be written, and deleted again.`,
      type: "certify",
    });
    const certified = await certifyStore({
      url,
      adapter,
      directory,
      folder,
      processes,
      seconds,
      only,
      signal,
      onProgress: (text) => output.progress(text),
      onCase: (result) => showCase(result, output),
      onRace: (result) => showRace(result, output),
      onCleaned: (left) => showLeft(left, output),
    });
    const isCertified = certified.isSound && only === undefined;
    if (reportFile !== undefined) {
      const about = { certified, isCertified, url, adapter, directory, processes, seconds };
      await write(reportFile, directory, `${JSON.stringify(await reportOf(about), undefined, 2)}\n`);
    }
    if (badgeFile !== undefined) await write(badgeFile, directory, badge(isCertified));
    showVerdict(certified, isCertified, output);
    if (!certified.isSound) return exitCodes.finding;
    return certified.left.length > 0 ? exitCodes.unreachable : exitCodes.sound;
  },
};

/** @throws `UsageError` for an id that there is not */
function onlyOf(options: Options): ReadonlySet<string> | undefined {
  const text = options.text("only");
  if (text === undefined) return undefined;
  const ids = text.split(",").map((id) => id.trim());
  for (const id of ids)
    if (!certifyIds.includes(id))
      throw new UsageError(`there is no case ${JSON.stringify(id)}: there are ${certifyIds.join(", ")}`);
  return new Set(ids);
}

async function write(file: string, directory: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(directory, file), text);
  } catch (error) {
    throw new UsageError(`${file} could not be written: ${error instanceof Error ? error.message : ""}`, {
      cause: error,
    });
  }
}

function showCase(result: CaseResult, output: Output): void {
  output.json({ type: "case", ...result });
  const { id, title, outcome, must, message = "", notReached } = result;
  for (const what of notReached) output.line(output.style("yellow", `${id} did not reach ${what}`));
  if (outcome === "skipped") output.line(output.style("yellow", `not run: ${id}: ${message}`));
  if (outcome !== "failed") return;
  output.line(output.style("red", `failed: ${id}: ${title}`));
  output.line(`  ${must}`);
  // The suite's own text begins with the id and the MUST.
  for (const line of message.split("\n").filter((text) => !text.startsWith(`${id} saw`)))
    output.line(`  ${line.trim()}`);
}

function showRace(result: RaceResult, output: Output): void {
  output.json({ type: "race", ...result });
  const { id, title, outcome, must, meaning, counts, wrong, wrongCount } = result;
  const done = Object.entries(counts).map(([what, number]) => `${number.toLocaleString("en")} ${what}`);
  if (outcome !== "failed") {
    output.line(`${id}: ${done.join(", ")}`);
    return;
  }
  output.line(output.style("red", `failed: ${id}: ${title}`));
  output.line(`  ${must}`);
  output.line(`  ${meaning}`);
  if (done.length > 0) output.line(`  ${done.join(", ")}; wrong: ${wrongCount.toLocaleString("en")}`);
  for (const text of wrong) output.line(`  seen: ${text}`);
}

function showLeft(left: readonly Left[], output: Output): void {
  for (const { key, message } of left) output.note(`left behind: ${key}: ${message}`);
}

function showListings(listings: WholeListings, output: Output): void {
  const { claimed, seen, residual } = listings;
  const looked = seen === "not looked at" ? seen : `${seen} in ${count(listings.listings, "listing")}`;
  output.line(`whole listings: ${claimed ? "declared" : "not declared"}, ${looked}`);
  if (residual !== undefined) output.line(`  what remains: ${residual}`);
}

function showVerdict(certified: Certified, isCertified: boolean, output: Output): void {
  const { store, isSound, refusal, cases, races, listings, left } = certified;
  const failed = [...cases, ...races].filter(({ outcome }) => outcome === "failed").map(({ id }) => id);
  const skipped = cases.filter(({ outcome }) => outcome === "skipped").length;
  if (refusal === undefined) showListings(listings, output);
  output.json({ type: "end", store, certified: isCertified, refusal, failed, skipped, listings, left });
  const ran = `${count(cases.length - skipped, "case")}, ${count(races.length, "race")}`;
  if (isCertified) output.line(output.style("green", `certified: ${store}; ${ran}`));
  else if (refusal !== undefined)
    output.line(output.style("red", `not certified: ${store}; its adapter refuses it: ${refusal}`));
  else if (isSound) output.line(`${store}: nothing was found by ${ran}; it takes all of them to certify it`);
  else output.line(output.style("red", `not certified: ${store}; failed: ${failed.join(", ")}`));
}
