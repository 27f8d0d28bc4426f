import { UsageError } from "./usage-error.ts";

/** What the user's project calls itself, and its store. */
export interface Names {
  /** Such as `@me/state-my-store`. */
  readonly packageName: string;
  /** The package's name without its scope and a leading `state-`: `my-store`. */
  readonly shortName: string;
  /** Such as `MyStore`. */
  readonly className: string;
}

// What npm takes for a new package, but `~`, `'`, `!`, `(`, `)` and `*`.
const packagePattern = /^(?:@[a-z0-9-][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** The name of a project in `folder`, if the user gave none. */
export function defaultName(folder: string): string {
  return folder.startsWith("state-") ? folder : `state-${folder}`;
}

/** @throws {UsageError} if npm would not publish a package of this name, or no class can be named after it. */
export function namesOf(packageName: string): Names {
  if (!packagePattern.test(packageName) || packageName.length > 214) {
    throw new UsageError(
      `"${packageName}" is no name of an npm package: lower-case letters, digits, "-", "." and "_", ` +
        "after a scope if you have one, such as @me/state-my-store. Give one by --name",
    );
  }
  const last = packageName.slice(packageName.lastIndexOf("/") + 1);
  const shortName = last.replace(/^state-(?=.)/, "");
  const words = shortName.split(/[._-]+/).filter((word) => word !== "");
  const joined = words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join("");
  if (!/^[A-Z]/.test(joined)) {
    throw new UsageError(
      `no class can be named after "${last}", which begins with a digit: give another name by --name`,
    );
  }
  return { packageName, shortName, className: joined.endsWith("Store") ? joined : `${joined}Store` };
}
