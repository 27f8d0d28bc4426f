import { existsSync } from "node:fs";
import { join, posix } from "node:path";

/** Where the repository is that a release is published from. */
export interface Address {
  /** `https://github.com/OWNER/NAME` */
  readonly url: string;
  /** The commit that is published: what the READMEs link to. */
  readonly commit: string;
}

/** What npm's page of a package says about where it comes from. */
export interface Origin {
  readonly repository: { readonly type: "git"; readonly url: string; readonly directory: string };
  readonly homepage: string;
  readonly bugs: { readonly url: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The address that the workflow's run says. Nothing of it is committed: a fork that publishes says its own.
 *
 * @throws if this is no workflow's run
 */
export function addressOf(environment: Environment): Address {
  const named = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === "") {
      throw new Error(
        `${name} is not set, so the packages would not say where they come from. A release is ` +
          "published by .github/workflows/release.yml; pnpm release:dry-run tries one",
      );
    }
    return value;
  };
  const [server, repository] = [named("GITHUB_SERVER_URL"), named("GITHUB_REPOSITORY")];
  const commit = named("GITHUB_SHA");
  const url = `${server}/${repository}`;
  if (!/^https:\/\/[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(url))
    throw new Error(`${url} is no repository's address`);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error(`GITHUB_SHA is no commit: ${commit}`);
  return { url, commit };
}

/** The fields for the manifest of the package in `folder`, such as `packages/fs`. */
export function originOf(address: Address, folder: string): Origin {
  return {
    repository: { type: "git", url: `git+${address.url}.git`, directory: folder },
    homepage: `${address.url}/tree/${address.commit}/${folder}#readme`,
    bugs: { url: `${address.url}/issues` },
  };
}

/**
 * A README for npm's page: each link to a file of the repository leads there, as it is in the commit
 * that is published. Code is left as it is.
 *
 * @throws if a link leads to nothing
 */
export function withAbsoluteLinks(readme: string, folder: string, address: Address, root: string): string {
  const parts = readme.split(/(^```[\s\S]*?^```|`[^`\n]+`)/m);
  return parts.map((part, index) => (index % 2 === 1 ? part : absolute(part))).join("");

  function absolute(prose: string): string {
    return prose.replaceAll(/\]\((?![a-z][a-z+.-]*:|#|\/)([^)\s#]+)(#[^)\s]*)?\)/g, (_, path, fragment) => {
      const target = posix.join(folder, String(path));
      if (target.startsWith("../") || !existsSync(join(root, target))) {
        throw new Error(`${folder}/README.md links to ${String(path)}, which is not in the repository`);
      }
      return `](${address.url}/blob/${address.commit}/${target}${typeof fragment === "string" ? fragment : ""})`;
    });
  }
}
