/**
 * Loaded before Azurite, whose servers then keep idle connections for ten minutes. Azurite has an
 * option for that, and ignores it (3.37): it closes connections after five idle seconds, also if a
 * request is on its way on them.
 */
const http = require("node:http");

const create = http.createServer;
http.createServer = (...args) => {
  const server = create(...args);
  const limits = { get: () => 600_000, set() {} };
  Object.defineProperty(server, "keepAliveTimeout", limits);
  return server;
};
