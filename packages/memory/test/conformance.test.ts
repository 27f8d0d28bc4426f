import { backendConformance, storeConformance } from "@state/core/conformance";
import { describe, test } from "vitest";
import { MemoryStore } from "../src/index.ts";

// No `reopen`: a memory store ends with its object, and nothing else can reach what it holds.
storeConformance(
  { describe, test },
  { name: "MemoryStore", wholeListings: true, open: async () => new MemoryStore() },
);
backendConformance({ describe, test }, { name: "MemoryStore", open: async () => new MemoryStore() });
