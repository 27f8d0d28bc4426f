export {
  key,
  type OperationName,
  operationNames,
  operations,
  pagesOf,
  rejectionOf,
  storeErrorOf,
} from "./operations.ts";
export { openReadme, type Readme } from "./readme.ts";
export { respondWith, type Script, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";
export { serialRunner } from "./serial-runner.ts";
