export { type Line, startLine } from "./line.ts";
export { untrusted } from "./certificate.ts";
export {
  key,
  type OperationName,
  operationNames,
  operations,
  pagesOf,
  rejectionOf,
  storeErrorOf,
} from "./operations.ts";
export { type RawServer, startRawServer } from "./raw-server.ts";
export { listenOnLoopback } from "../loopback.ts";
export { openReadme, type Readme } from "./readme.ts";
export { respondWith, type Script, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";
export { serialRunner } from "./serial-runner.ts";
export { startTlsFront, type TlsFront } from "./tls-front.ts";
