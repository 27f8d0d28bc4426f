import { Agent, createServer, get } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endIdle } from "../../src/adapter/index.ts";

const server = createServer((_, response) => response.end());
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function request(): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const sent = get({ port, host: "127.0.0.1", agent });
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, "close");
}

function idle(): number {
  return Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []).length;
}

async function untilIdle(count: number): Promise<void> {
  while (idle() !== count) await new Promise((resolve) => setImmediate(resolve));
}

describe("the connections that no request uses", () => {
  test("are ended, and the next request has a new one", async () => {
    await Promise.all([request(), request()]);
    await untilIdle(2);
    endIdle(agent);
    await untilIdle(0);
    await request();
    await untilIdle(1);
  });

  test("to another origin are left alone", async () => {
    await request();
    await untilIdle(1);
    const [[, sockets] = []] = Object.entries(agent.freeSockets);
    const { port } = server.address() as AddressInfo;
    endIdle(agent, `127.0.0.1:${port + 1}:`);
    expect(sockets?.some(({ destroyed }) => destroyed)).toBe(false);
    endIdle(agent, `127.0.0.1:${port}:`);
    expect(sockets?.every(({ destroyed }) => destroyed)).toBe(true);
  });

  test.each([undefined, null, "agent", {}, { freeSockets: null }, { freeSockets: { a: [null, {}] } }])(
    "of %j, which is no agent, are none",
    (other) => expect(() => endIdle(other)).not.toThrow(),
  );
});
