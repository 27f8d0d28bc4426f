import { describe, test } from "vitest";
import { declareSuites } from "./declare.ts";

declareSuites({ describe, test });
