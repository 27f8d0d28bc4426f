/** For workerd, which runs no file but calls a module's handlers: this is the one of `workerd test`. */
import { answer } from "./answer.ts";

const worker: { test(): Promise<void> } = { test: answer };

// oxlint-disable-next-line import/no-default-export -- where workerd looks for the handlers
export default worker;
