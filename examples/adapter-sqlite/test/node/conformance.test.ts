import { describe, test } from "node:test";
import { conformance } from "../conformance.ts";

conformance({ describe, test });
