import { brokenFreshness } from "./freshness.ts";
import { judge } from "./verdict.ts";

judge(brokenFreshness);
