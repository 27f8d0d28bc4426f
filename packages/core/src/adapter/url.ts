/** The parts of a store's URL. */
export interface StoreUrl {
  /** `""` if there is none. */
  readonly host: string;
  /** Without the `/` at its beginning, decoded. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Reads the URL of a store: `s3://bucket/prefix?region=eu-west-1`.
 *
 * @param parameters the names that the store knows
 * @throws `TypeError` for another scheme, for credentials in the URL, which would be in logs and process lists, and for
 *   parameters that the store does not know
 */
export function parseStoreUrl(
  url: string | URL,
  scheme: string,
  parameters: readonly string[] = [],
): StoreUrl {
  const parsed = URL.parse(String(url));
  if (parsed === null) throw new TypeError(`${hidden(url)} is not a URL`);
  const { protocol, username, password, host, pathname, hash, searchParams } = parsed;
  if (protocol !== `${scheme}:`) throw new TypeError(`the URL must begin with ${scheme}:, not ${protocol}`);
  if (username !== "" || password !== "")
    throw new TypeError("the URL must hold no credentials: they come by the SDK's own chain");
  if (hash !== "") throw new TypeError("the URL must have no fragment");
  const found: Record<string, string> = {};
  for (const [name, value] of searchParams) {
    if (!parameters.includes(name)) {
      const known = parameters.length === 0 ? "it knows none" : `it knows ${parameters.join(", ")}`;
      throw new TypeError(`the URL has the parameter ${JSON.stringify(name)}; ${known}`);
    }
    if (name in found) throw new TypeError(`the URL has the parameter ${JSON.stringify(name)} twice`);
    found[name] = value;
  }
  return { host, path: decoded(pathname.replace(/^\//, "")), parameters: found };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new TypeError("the URL's path has a % that begins no code", { cause });
  }
}

/** What is no URL may hold a secret after its `?` or before its `@`. */
function hidden(url: string | URL): string {
  return JSON.stringify(String(url).replace(/[?@].*$/s, "…"));
}
