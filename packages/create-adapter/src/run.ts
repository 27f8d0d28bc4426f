import { basename, relative, resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { defaultName, namesOf } from "./names.ts";
import { expectNoFiles, writeProject } from "./project-folder.ts";
import { projectOf, type Template } from "./template.ts";
import { UsageError } from "./usage-error.ts";

/** What the command is given by the process that runs it. */
export interface Surroundings {
  readonly directory: string;
  readonly template: Template;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Asks whoever sits there. `undefined` if nobody does. */
  readonly ask?: (question: string) => Promise<string>;
}

const usage = `npm create @state/adapter [FOLDER] -- [--name NAME] [--core SPEC]

Writes a project that makes a service hold @state checkpoints: four operations on SQLite to put your
service into, and the suites that say whether state is safe on it. They pass before a line is changed.

  FOLDER       a folder that is new or empty
  --name NAME  the package's name, such as @me/state-my-store. Default: state-FOLDER
  --core SPEC  what @state/core is installed from, for development: a version, or a tarball's path
  --help       this text
`;

const options = {
  name: { type: "string" },
  core: { type: "string" },
  help: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

/** Runs the command; returns its exit code: 0, or 2 if what the user typed cannot be done. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<0 | 2> {
  try {
    await create(args, surroundings);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    surroundings.writeError(`${error.message}\n`);
    return 2;
  }
}

async function create(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const { directory, template, write } = surroundings;
  const { values, positionals } = parse(args);
  if (values.help === true) return write(usage);
  if (positionals.length > 1) throw new UsageError(`one folder, and not ${positionals.join(" and ")}`);

  const folder = resolve(directory, await folderOf(positionals[0], surroundings));
  await expectNoFiles(folder);
  const names = namesOf(await nameOf(values.name, defaultName(basename(folder)), surroundings));
  const core = values.core?.endsWith(".tgz") ? `file:${resolve(directory, values.core)}` : values.core;

  await writeProject(folder, projectOf(template, { names, ...(core !== undefined && { core }) }));
  write(nextSteps(relative(directory, folder) || ".", names.packageName, names.className));
}

function parse(args: readonly string[]): {
  values: { name?: string; core?: string; help?: boolean };
  positionals: string[];
} {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, {
      cause: error,
    });
  }
}

async function folderOf(given: string | undefined, { ask }: Surroundings): Promise<string> {
  const folder = given ?? (await ask?.("Folder of the new adapter: "))?.trim() ?? "";
  if (folder === "") throw new UsageError(`the folder of the new adapter is missing\n\n${usage}`);
  return folder;
}

async function nameOf(given: string | undefined, byDefault: string, { ask }: Surroundings): Promise<string> {
  if (given !== undefined) return given;
  const typed = (await ask?.(`Name of its package (${byDefault}): `))?.trim() ?? "";
  return typed === "" ? byDefault : typed;
}

function nextSteps(folder: string, packageName: string, className: string): string {
  return `${packageName} is in ${folder}. It holds checkpoints in SQLite, and both suites pass on it. Look:

  ${folder === "." ? "" : `cd ${folder} && `}npm install && npm test

Then make it yours, in this order. When all is done, npm test is green again:

  1. src/database.ts          the client of your service, with its own retries off
  2. src/errors.ts            what each of its errors means
  3. src/store.ts             the four operations of ${className}
  4. test/node/store.test.ts  what the suites cannot see from outside, instead of SQLite's own
  5. README.md                what it guarantees, what it needs, what you tried it on

Every line about SQLite goes. The guide of @state/core, "Writing an adapter", says what each part has to
hold, and what to do if your service allows only one process. To publish: remove "private" from
package.json, npm run build, npm publish.
`;
}
