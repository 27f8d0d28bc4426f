import type { Answer } from "./answer.ts";
import type { Fault } from "./proxy.ts";

/** The request never reaches the server. */
export const resetBefore: Fault = async (exchange) => {
  await exchange.body();
  exchange.reset();
};

/** The connection is cut while the request's body is on its way. */
export const resetDuring: Fault = async (exchange) => {
  await exchange.someOfTheBody();
  exchange.reset();
};

/** The server does what it was asked; its answer is lost. */
export const loseResponse: Fault = async (exchange) => {
  await exchange.forward();
  exchange.reset();
};

/** The server does what it was asked; the connection is cut in the middle of its answer. */
export const cutAnswer: Fault = async (exchange) => {
  await exchange.half(await exchange.forward());
  exchange.reset();
};

/** The server does what it was asked; half of its answer comes, and the rest never. */
export const stallAnswer: Fault = async (exchange) => {
  await exchange.half(await exchange.forward());
};

/** The server's answer, made another. */
function change(alter: (answer: Answer) => Answer): Fault {
  return async (exchange) => exchange.answer(alter(await exchange.forward()));
}

/** The answer's body ends early, and its length says so: nothing on the connection is wrong. */
export const shortenAnswer: Fault = change((answer) => ({
  ...answer,
  body: answer.body.subarray(0, answer.body.length >> 1),
}));

/** One byte in the middle of the answer's body is another. */
export const flipByte: Fault = change((answer) => {
  const body = Buffer.from(answer.body);
  const middle = body.length >> 1;
  if (body.length > 0) body[middle] = (body[middle] ?? 0) ^ 1;
  return { ...answer, body };
});

/** The answer's status and headers, without its body. */
export const emptyAnswer: Fault = change((answer) => ({ ...answer, body: Buffer.alloc(0) }));

/** The server gets the request twice; the second answer is what the client sees. */
export const sendTwice: Fault = async (exchange) => {
  await exchange.forward();
  exchange.answer(await exchange.forward());
};

/** The server never sees the request; this is what the client sees. */
export function reply(answer: Answer): Fault {
  return async (exchange) => {
    await exchange.body();
    exchange.answer(answer);
  };
}

/** Requests whose client was told nothing, and which reach the server when the test says so. */
export class LateRequests {
  readonly #held: (() => Promise<Answer>)[] = [];

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
