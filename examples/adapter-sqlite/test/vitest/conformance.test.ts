import { describe, test } from "vitest";
import { conformance } from "../conformance.ts";

conformance({ describe, test });
