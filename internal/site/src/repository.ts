/** What the environment of a build says of where the repository and the site are. Nothing is guessed. */
export interface Addresses {
  /** The repository's page. */
  readonly repository: string | undefined;
  /** The address before the path of a source file. */
  readonly sources: string | undefined;
  /** The path that the site is served under; begins and ends with a slash. */
  readonly base: string;
  /** The site's scheme and host, without a slash at the end. */
  readonly origin: string | undefined;
}

/** Reads what GitHub Actions sets, and `SITE_URL`, the address of the site as the Pages action says it. */
export function addressesOf(environment: NodeJS.ProcessEnv): Addresses {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA, SITE_URL } = environment;
  const repository =
    GITHUB_SERVER_URL && GITHUB_REPOSITORY ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}` : undefined;
  const sources = repository && GITHUB_SHA ? `${repository}/blob/${GITHUB_SHA}/` : undefined;
  if (!SITE_URL) return { repository, sources, base: "/", origin: undefined };
  if (!URL.canParse(SITE_URL)) throw new TypeError(`SITE_URL is not an address: ${SITE_URL}`);
  const { origin, pathname } = new URL(SITE_URL);
  return { repository, sources, base: pathname.endsWith("/") ? pathname : `${pathname}/`, origin };
}
