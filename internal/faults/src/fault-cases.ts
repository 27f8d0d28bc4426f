import {
  cutResponse,
  emptyResponse,
  type Fault,
  flipByte,
  type HttpResponse,
  LateRequests,
  loseResponse,
  type ProxiedRequest,
  type Proxy,
  resetBefore,
  resetDuring,
  respondInstead,
  sendTwice,
  shortenResponse,
  stallResponse,
} from "@state/servers/proxy";
import type { Operation, RefusalName, Service } from "./service.ts";

/** A fault on the connection: a row of the evidence page. */
export interface FaultCase {
  readonly title: string;
  /** The operations that it can hit. */
  readonly on: readonly Operation[];
  /**
   * Tells the proxy to fail the operation's next `times` requests. Returns a function that sends
   * requests which the proxy holds back to the server.
   */
  arm(proxy: Proxy, service: Service, operation: Operation, times: number): () => Promise<void>;
  /** The response never ends: only the attempt's own time-out ends it. */
  readonly endsByTimeout?: boolean;
  /** It changes the body of a response, and cannot hit a response that has none. */
  readonly changesBody?: boolean;
  /** How many requests of one call on the store are hit. Default: all. */
  readonly hits?: number;
  /** How many requests one call on the store sends. Default 1. */
  readonly requests?: number;
}

const every: readonly Operation[] = ["create", "get", "list", "delete"];
const nothing = async (): Promise<void> => undefined;

function faultCase(title: string, fault: Fault, on: readonly Operation[] = every): FaultCase {
  return {
    title,
    on,
    arm(proxy, service, operation, times) {
      proxy.fail((request) => service.operationOf(request) === operation, fault, times);
      return nothing;
    },
  };
}

function bodyCase(title: string, fault: Fault, on: readonly Operation[]): FaultCase {
  return { ...faultCase(title, fault, on), changesBody: true };
}

function refusalCase(name: RefusalName): FaultCase {
  return {
    title: name,
    on: every,
    arm(proxy, service, operation, times) {
      proxy.fail(
        (request) => service.operationOf(request) === operation,
        respondInstead(service.refusals[name]),
        times,
      );
      return nothing;
    },
  };
}

const lateRequest: FaultCase = {
  title: "reset, and the request lands after the client gave up",
  on: ["create", "delete"],
  arm(proxy, service, operation, times) {
    const requests = new LateRequests();
    proxy.fail((request) => service.operationOf(request) === operation, requests.fault, times);
    return () => requests.land();
  },
};

const repeatedPage: FaultCase = {
  title: "the first page of a listing comes again as the second",
  on: ["list"],
  // The first page says that there is a second, and the second is the first.
  hits: 1,
  requests: 2,
  arm(proxy, service, operation, times) {
    const pages = new Map<string, HttpResponse>();
    const isList = (request: ProxiedRequest): boolean => service.operationOf(request) === operation;
    proxy.fail(
      (request) => isList(request) && hasParameter(request.url, service.pageParameter),
      async (exchange) => {
        const page = pages.get(withoutParameter(exchange.request.url, service.pageParameter));
        exchange.respond(page ?? (await exchange.forward()));
      },
      Number.POSITIVE_INFINITY,
    );
    proxy.fail(
      isList,
      async (exchange) => {
        const page = service.withNextPage(await exchange.forward());
        pages.set(withoutParameter(exchange.request.url, service.pageParameter), page);
        exchange.respond(page);
      },
      times,
    );
    return nothing;
  },
};

function hasParameter(url: string, name: string): boolean {
  return new URL(url, "http://localhost").searchParams.has(name);
}

function withoutParameter(url: string, name: string): string {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  searchParams.delete(name);
  return `${pathname}?${searchParams}`;
}

/** The operations of this service that the fault can hit. */
export function operationsOf(fault: FaultCase, service: Service): readonly Operation[] {
  return fault.on.filter((each) => fault.changesBody !== true || !service.withoutResponseBody.includes(each));
}

export const faults: readonly FaultCase[] = [
  faultCase("reset before the server has the request", resetBefore),
  faultCase("reset in the middle of the request", resetDuring, ["create"]),
  faultCase("the server did it, the response is lost", loseResponse),
  faultCase("the server did it, the response is cut", cutResponse),
  { ...faultCase("the server did it, the response stalls for ever", stallResponse), endsByTimeout: true },
  lateRequest,
  faultCase("the request arrives twice", sendTwice),
  refusalCase("408"),
  refusalCase("409, a request for the same key is under way"),
  refusalCase("409, of another kind"),
  refusalCase("412"),
  refusalCase("429, Retry-After"),
  refusalCase("503, Retry-After"),
  refusalCase("500"),
  refusalCase("403"),
  refusalCase("301"),
  refusalCase("200 with an error in its body"),
  bodyCase("the response ends early, and its length says so", shortenResponse, ["get", "list", "delete"]),
  bodyCase("a byte of the body is changed", flipByte, ["get"]),
  bodyCase("an empty response", emptyResponse, ["get", "list", "delete"]),
  repeatedPage,
];
