export type { Exchange, ProxiedRequest } from "./exchange.ts";
export {
  cutResponse,
  emptyResponse,
  flipByte,
  LateRequests,
  loseResponse,
  resetBefore,
  resetDuring,
  respondInstead,
  sendTwice,
  shortenResponse,
  stallResponse,
} from "./faults.ts";
export { type HttpResponse, httpResponse } from "./http-response.ts";
export { type Fault, Proxy } from "./proxy.ts";
