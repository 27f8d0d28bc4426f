import { brokenKeys } from "./keys.ts";
import { judge } from "./verdict.ts";

judge(brokenKeys);
