import { describe, test } from "node:test";
import { declareSuites } from "./declare.ts";

declareSuites({ describe, test });
