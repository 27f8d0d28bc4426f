/** A header of the request or the response that an error of the SDK holds. */
export function headerOf(error: object, side: "request" | "response", name: string): string | undefined {
  const headers = objectAt(objectAt(error, side), "headers");
  const get: unknown = Reflect.get(headers, "get");
  const value: unknown = typeof get === "function" ? get.call(headers, name) : undefined;
  return typeof value === "string" ? value : undefined;
}

/** What is there if it is an object, else an empty one. */
export function objectAt(value: object, name: string): object {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "object" && found !== null ? found : {};
}
