/**
 * The `code` of an error, or of the first cause that has one: errors of the global fetch have none.
 */
export function codeOf(error: unknown, depth = 0): string {
  const code = propertyOf(error, "code");
  if (typeof code === "string") return code;
  // Causes may form a circle.
  return depth < 5 ? codeOf(propertyOf(error, "cause"), depth + 1) : "";
}

export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
