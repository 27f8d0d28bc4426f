import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { guideHome } from "./projects.ts";
import { root } from "./tarballs.ts";

/** What a reader of docs/writing-an-adapter.md types, and the files that the page gives, in their order. */
export interface Guide {
  /** Makes a copy of the example under the reader's name, and installs what it needs. */
  readonly copy: string;
  /** Tests that copy. */
  readonly testCopy: string;
  /** Makes an empty project. */
  readonly make: string;
  /** Installs what that project needs. */
  readonly install: string;
  /** Checks and tests that project. */
  readonly test: string;
  /** Packs core, and what makes the copy. */
  readonly pack: string;
  readonly files: ReadonlyMap<string, string>;
}

export async function readGuide(): Promise<Guide> {
  const page = await readFile(join(root, "docs/writing-an-adapter.md"), "utf8");
  const files = [...page.matchAll(/^`([^`]+)`:\n\n```\w+\n(.*?)^```$/gms)];
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  const commandWith = (words: string): string => {
    const found = commands.find((command) => command.includes(words));
    if (found === undefined) throw new Error(`the guide has no command with "${words}"`);
    return found;
  };
  const [copy, testCopy] = split(commandWith("create-adapter my-store"), " && npm test");
  const [install, test] = split(commandWith("npm run typecheck"), "npm run typecheck");
  return {
    copy,
    testCopy,
    make: commandWith("mkdir"),
    install,
    test,
    pack: commandWith(" pack "),
    files: new Map(files.map(([, path = "", text = ""]) => [path, text])),
  };
}

/** What stands before `words`, and the rest: the first part installs, the second one tests. */
function split(command: string, words: string): readonly [string, string] {
  const at = command.indexOf(words);
  if (at === -1) throw new Error(`the guide's command does not end with "${words}": ${command}`);
  return [command.slice(0, at), command.slice(at).replace(/^ && /, "")];
}

/** As in the reader's shell: the Node that the project brings, and nothing of this workspace's environment. */
export function readersEnvironment(nodeOptions = ""): Record<string, string> {
  return {
    PATH: (process.env["PATH"] ?? "")
      .split(":")
      .filter((folder) => !folder.startsWith(`${root}/`))
      .join(":"),
    HOME: guideHome,
    NODE_OPTIONS: nodeOptions,
    npm_config_cache: process.env["npm_config_cache"] ?? join(homedir(), ".npm"),
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    npm_config_loglevel: "error",
    NO_COLOR: "1",
  };
}
