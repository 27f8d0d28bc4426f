/** The messages between a leader or worker and its parent, the supervisor. */
import { on } from "node:events";

/** Sends to the parent. Once it resolves the message has left the process, which may then be killed. */
export function send(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(new Error("this file is started by src/main.ts"));
      return;
    }
    process.send(message, undefined, undefined, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** The parent's messages in their order, from this call on. */
export function receive<Message>(): AsyncIterableIterator<[Message]> {
  return on(process, "message") as AsyncIterableIterator<[Message]>;
}

/** Ties this process to its parent: it ends when the parent does, and leaves Ctrl-C to it. */
export function liveWithParent(): void {
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => undefined);
}
