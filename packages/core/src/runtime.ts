/** The lowest Node that the tests run on. */
const lowestNode = [22, 13] as const;

/**
 * Other runtimes name the version of Node that they stand in for, or none.
 *
 * @throws `Error` on an older Node, which lacks functions that are used here: they would be missed somewhere later
 */
export function checkRuntime(): void {
  const { process } = globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } };
  const version = process?.versions?.node;
  if (version === undefined) return;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < lowestNode[0] || (major === lowestNode[0] && minor < lowestNode[1]))
    throw new Error(`@state/core needs Node ${lowestNode.join(".")} or later, and this is Node ${version}.`);
}
