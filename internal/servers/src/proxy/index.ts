export { type Answer, answerOf } from "./answer.ts";
export type { Exchange, ProxiedRequest } from "./exchange.ts";
export {
  cutAnswer,
  emptyAnswer,
  flipByte,
  LateRequests,
  loseResponse,
  reply,
  resetBefore,
  resetDuring,
  sendTwice,
  shortenAnswer,
  stallAnswer,
} from "./faults.ts";
export { type Fault, Proxy } from "./proxy.ts";
