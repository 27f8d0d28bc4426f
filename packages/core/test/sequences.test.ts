import { describe, test } from "vitest";
import { backendConformance } from "../src/conformance/backend-suite/suite.ts";
import { MapStore } from "./support/map-store.ts";

backendConformance({ describe, test }, { name: "map", open: async () => new MapStore() });
