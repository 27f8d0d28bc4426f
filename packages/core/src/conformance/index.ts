export type { Runner, StoreHarness } from "./runner.ts";
export type { StoreCaseSummary, StoreFamily } from "./store-suite/store-case.ts";
export type { StoreMust } from "./store-suite/musts.ts";
export { storeCases, storeConformance } from "./store-suite/suite.ts";
export { storeMusts } from "./store-suite/musts.ts";
export type { BackendHarness } from "./backend-suite/suite.ts";
export { backendConformance } from "./backend-suite/suite.ts";
