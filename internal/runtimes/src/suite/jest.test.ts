import { describe, test } from "@jest/globals";
import { declareSuites } from "./declare.ts";

declareSuites({ describe, test });
