import { fieldOf } from "./fields.ts";

/**
 * Ends the connections of an agent of Node's that no request uses. They may be as dead as the one that was silent, without
 * this machine having been told. What is no such agent is left alone.
 *
 * @param origin ends those alone whose name in the agent begins so, `host:port:`; others may be to another service
 */
export function endIdle(agent: unknown, origin = ""): void {
  const free = fieldOf(agent, "freeSockets");
  if (typeof free !== "object" || free === null) return;
  for (const [name, sockets] of Object.entries(free) as [string, unknown][]) {
    if (!name.startsWith(origin) || !Array.isArray(sockets)) continue;
    for (const socket of sockets as readonly unknown[]) {
      const destroy = fieldOf(socket, "destroy");
      if (typeof destroy === "function") Reflect.apply(destroy, socket, []);
    }
  }
}
