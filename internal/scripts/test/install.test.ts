import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { install } from "../src/install.mjs";

let silentServer: Server;
let sockets: Socket[];
let project: string;
let printed: string;

beforeEach(async () => {
  sockets = [];
  silentServer = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silentServer, "listening");
  project = await mkdtemp(join(tmpdir(), "state-install-"));
  await writeFile(join(project, "package.json"), '{ "private": true }');
  printed = "";
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  silentServer.close();
  await rm(project, { recursive: true });
});

function options(registry: Server) {
  const { port } = registry.address() as AddressInfo;
  return {
    cwd: project,
    env: { ...process.env, npm_config_cache: project, npm_config_registry: `http://127.0.0.1:${port}/` },
    quietMs: 500,
    patienceMs: 1_000,
    print: (text: string): void => void (printed += text),
  };
}

test("an install from a registry that does not respond ends, and says so", { timeout: 60_000 }, async () => {
  const installing = install({ command: "npm", args: ["install", "state-none"], ...options(silentServer) });
  await expect(installing).rejects.toThrow("The package registry does not respond");
  expect(printed).toContain("s: the registry does not respond");
});

test("a registry that refuses the package has responded", { timeout: 60_000 }, async () => {
  const refusing = createHttpServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
  await once(refusing, "listening");
  const installing = install({ command: "npm", args: ["install", "state-none"], ...options(refusing) });
  await expect(installing).rejects.toThrow("npm install state-none failed (1): see above");
  expect(printed).toContain("404");
  refusing.close();
});
