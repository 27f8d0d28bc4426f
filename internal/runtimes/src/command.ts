/** For the runtimes that run a file: Node, Bun, Deno. */
import { answer } from "./answer.ts";

await answer();
