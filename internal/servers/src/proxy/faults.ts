import type { HttpResponse } from "./http-response.ts";
import type { Fault } from "./proxy.ts";

/** The request never reaches the server. */
export const resetBefore: Fault = async (exchange) => {
  await exchange.body();
  exchange.reset();
};

/** The connection is cut while the request's body is on its way. */
export const resetDuring: Fault = async (exchange) => {
  await exchange.partOfBody();
  exchange.reset();
};

/** The server performs the request; its response is lost. */
export const loseResponse: Fault = async (exchange) => {
  await exchange.forward();
  exchange.reset();
};

/** The server performs the request; the connection is cut in the middle of its response. */
export const cutResponse: Fault = async (exchange) => {
  await exchange.respondHalf(await exchange.forward());
  exchange.reset();
};

/** The server performs the request; half of its response comes, and the rest never. */
export const stallResponse: Fault = async (exchange) => {
  await exchange.respondHalf(await exchange.forward());
};

/** The server performs the request; its response is altered on its way back. */
function alterResponse(alter: (response: HttpResponse) => HttpResponse): Fault {
  return async (exchange) => exchange.respond(alter(await exchange.forward()));
}

/** The response's body ends early, and its length says so: nothing on the connection is wrong. */
export const shortenResponse: Fault = alterResponse((response) => ({
  ...response,
  body: response.body.subarray(0, response.body.length >> 1),
}));

/** One byte in the middle of the response's body is changed. */
export const flipByte: Fault = alterResponse((response) => {
  const body = Buffer.from(response.body);
  const middle = body.length >> 1;
  if (body.length > 0) body[middle] = (body[middle] ?? 0) ^ 1;
  return { ...response, body };
});

/** The response's status and headers come without its body. */
export const emptyResponse: Fault = alterResponse((response) => ({ ...response, body: Buffer.alloc(0) }));

/** The server gets the request twice; the client sees the second response. */
export const sendTwice: Fault = async (exchange) => {
  await exchange.forward();
  exchange.respond(await exchange.forward());
};

/** The server never sees the request; the client sees this response. */
export function respondInstead(response: HttpResponse): Fault {
  return async (exchange) => {
    await exchange.body();
    exchange.respond(response);
  };
}

/** Requests whose client saw a reset, and which reach the server later, when the test says so. */
export class LateRequests {
  readonly #held: (() => Promise<HttpResponse>)[] = [];

  get fault(): Fault {
    return async (exchange) => {
      await exchange.body();
      this.#held.push(() => exchange.forward());
      exchange.reset();
    };
  }

  async land(): Promise<void> {
    for (const send of this.#held.splice(0)) await send();
  }
}
