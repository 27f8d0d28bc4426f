import {
  type Answer,
  cutAnswer,
  emptyAnswer,
  type Fault,
  flipByte,
  LateRequests,
  loseResponse,
  type Proxy,
  reply,
  resetBefore,
  resetDuring,
  sendTwice,
  shortenAnswer,
  stallAnswer,
  type ProxiedRequest,
} from "@state/servers/proxy";
import type { Operation, RefusalName, Service } from "./service.ts";

/** A fault as a row of the table. */
export interface FaultCase {
  readonly title: string;
  /** Where it can strike. */
  readonly on: readonly Operation[];
  /** Tells the proxy to fail the operation's next `times` requests; answers what brings held requests to the server. */
  arm(proxy: Proxy, service: Service, operation: Operation, times: number): () => Promise<void>;
  /** Nothing comes, so that only the attempt's own time-out ends it. */
  readonly isSilent?: boolean;
  /** It changes the body of an answer, and is nothing where there is none. */
  readonly isOfBody?: boolean;
  /** Where the store's one call sends more than one request: how many are struck, and how many there are. */
  readonly strikes?: number;
  readonly requests?: number;
}

const every: readonly Operation[] = ["create", "get", "list", "delete"];
const nothing = async (): Promise<void> => undefined;

function simple(title: string, fault: Fault, on: readonly Operation[] = every): FaultCase {
  return {
    title,
    on,
    arm(proxy, service, operation, times) {
      proxy.fail((request) => service.operationOf(request) === operation, fault, times);
      return nothing;
    },
  };
}

function ofBody(title: string, fault: Fault, on: readonly Operation[]): FaultCase {
  return { ...simple(title, fault, on), isOfBody: true };
}

function refused(name: RefusalName): FaultCase {
  return {
    title: name,
    on: every,
    arm(proxy, service, operation, times) {
      proxy.fail(
        (request) => service.operationOf(request) === operation,
        reply(service.refusals[name]),
        times,
      );
      return nothing;
    },
  };
}

const late: FaultCase = {
  title: "reset, and the request lands after the client gave up",
  on: ["create", "delete"],
  arm(proxy, service, operation, times) {
    const requests = new LateRequests();
    proxy.fail((request) => service.operationOf(request) === operation, requests.fault, times);
    return () => requests.land();
  },
};

const repeated: FaultCase = {
  title: "the first page of a listing comes again as the second",
  on: ["list"],
  // The first page says that there is a second, and the second is the first.
  strikes: 1,
  requests: 2,
  arm(proxy, service, operation, times) {
    const pages = new Map<string, Answer>();
    const isList = (request: ProxiedRequest): boolean => service.operationOf(request) === operation;
    proxy.fail(
      (request) => isList(request) && hasParameter(request.url, service.cursor),
      async (exchange) => {
        const page = pages.get(withoutParameter(exchange.request.url, service.cursor));
        exchange.answer(page ?? (await exchange.forward()));
      },
      Number.POSITIVE_INFINITY,
    );
    proxy.fail(
      isList,
      async (exchange) => {
        const page = service.truncated(await exchange.forward());
        pages.set(withoutParameter(exchange.request.url, service.cursor), page);
        exchange.answer(page);
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

/** Where the fault can strike on this service: without a body on its way there is nothing to cut. */
export function operationsOf(fault: FaultCase, service: Service): readonly Operation[] {
  return fault.on.filter((each) => fault.isOfBody !== true || !service.bodiless.includes(each));
}

export const faults: readonly FaultCase[] = [
  simple("reset before the server has the request", resetBefore),
  simple("reset in the middle of the request", resetDuring, ["create"]),
  simple("the server did it, the answer is lost", loseResponse),
  simple("the server did it, the answer is cut", cutAnswer),
  { ...simple("the server did it, the answer stalls for ever", stallAnswer), isSilent: true },
  late,
  simple("the request arrives twice", sendTwice),
  refused("408"),
  refused("409, a request for the same key is under way"),
  refused("409, of another kind"),
  refused("412"),
  refused("429, Retry-After"),
  refused("503, Retry-After"),
  refused("500"),
  refused("403"),
  refused("301"),
  refused("200 with an error in its body"),
  ofBody("the answer ends early, and its length says so", shortenAnswer, ["get", "list", "delete"]),
  ofBody("a byte of the body is another", flipByte, ["get"]),
  ofBody("an empty answer", emptyAnswer, ["get", "list", "delete"]),
  repeated,
];
