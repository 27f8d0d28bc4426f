export { oneAtATime } from "./one-at-a-time.ts";
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
export { answer, type Script, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";
