/// <reference types="bun-types/test.d.ts" />
import { describe, test } from "bun:test";
import { declareSuites } from "./declare.ts";

declareSuites({ describe, test });
