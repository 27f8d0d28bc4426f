/** A process of the races: opens the store by its URL, and does what its parent says. */
import { once } from "node:events";
import { openStore } from "../open-store.ts";
import { FolderStore, Reach } from "./folder-store.ts";
import type { Place, Request, Response } from "./messages.ts";
import { Actor } from "./actor.ts";

// Ctrl-C reaches every process of the terminal. The parent decides when this one ends.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

const reach = new Reach();
let actor: Actor | undefined;

// The parent has let go, or is gone.
process.once("disconnect", () => {
  reach.end();
  void reach
    .settled(2_000)
    .then(() => actor?.close())
    .finally(() => process.exit());
});

try {
  const [place] = (await once(process, "message")) as [Place];
  const store = await openStore(place);
  actor = new Actor(new FolderStore(store, place.folder, reach), place.index);
  process.on("message", (request: Request) => {
    void respond(actor, request).then(send);
  });
  send("ready");
} catch (error) {
  send(`a process of the races could not open the store: ${textOf(error)}`);
}

async function respond(opened: Actor | undefined, { id, task }: Request): Promise<Response> {
  try {
    return { id, value: await opened?.perform(task) };
  } catch (error) {
    return { id, error: textOf(error) };
  }
}

function send(message: Response | string): void {
  if (process.connected) process.send?.(message);
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
