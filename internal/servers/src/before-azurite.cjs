/**
 * Loaded before Azurite (3.37), for two of its faults.
 *
 * Its servers keep idle connections for ten minutes. Azurite has an option for that, and ignores it:
 * it closes connections after five idle seconds, also if a request is on its way on them.
 *
 * It collects no garbage. Azurite does so ten minutes after its start, body by body, and sorts the
 * list of all bodies anew for each: it responds to nothing for many minutes.
 */
const http = require("node:http");

const create = http.createServer;
http.createServer = (...args) => {
  const server = create(...args);
  const limits = { get: () => 600_000, set() {} };
  Object.defineProperty(server, "keepAliveTimeout", limits);
  return server;
};

const { default: collector } = require("azurite/dist/src/blob/gc/BlobGCManager.js");
collector.prototype.markSweep = async () => {};
