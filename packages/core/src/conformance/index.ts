export type { Runner, StoreHarness } from "./runner.ts";
export type { StoreCaseSummary, StoreFamily } from "./store/case.ts";
export type { StoreMust } from "./store/musts.ts";
export { storeCases, storeConformance } from "./store/suite.ts";
export { storeMusts } from "./store/musts.ts";
export type { BackendHarness } from "./backend/suite.ts";
export { backendConformance } from "./backend/suite.ts";
