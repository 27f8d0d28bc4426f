import { on } from "node:events";

/** Sends to the parent. Once it resolves the message has left: not even SIGKILL takes it back. */
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

/** The parent's messages, one after the other, none lost from the call on. */
export function received<Message>(): AsyncIterableIterator<[Message]> {
  return on(process, "message") as AsyncIterableIterator<[Message]>;
}

/** Ties this process to its parent: it ends when the parent does, and leaves Ctrl-C to it. */
export function liveWithParent(): void {
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => undefined);
}
