// Creates 100 keys against whoever else does, once it is told to, and prints those that it won.
import process from "node:process";
import { text } from "node:stream/consumers";
import { FsStore } from "@state/fs";

const [, , root = "", name = ""] = process.argv;
const store = new FsStore({ root });

process.stderr.write("ready");
await text(process.stdin);

const keys = Array.from({ length: 100 }, (_, number) => `epoch=${number % 10}/vnode=${number}/partial.bin`);
await Promise.all(
  keys.map(async (key) => {
    const outcome = await store.create(key, new TextEncoder().encode(`${key} by ${name}`));
    if (outcome === "created") process.stdout.write(`${key} ${name}\n`);
  }),
);
