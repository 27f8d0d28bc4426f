/**
 * Loaded before Azurite: its servers keep idle connections for ten minutes. Azurite has an option for that, and does not
 * read it (3.37); after its five seconds it cuts connections on which a request is on its way.
 */
const http = require("node:http");

const create = http.createServer;
http.createServer = (...args) => {
  const server = create(...args);
  const limits = { get: () => 600_000, set() {} };
  Object.defineProperty(server, "keepAliveTimeout", limits);
  return server;
};
