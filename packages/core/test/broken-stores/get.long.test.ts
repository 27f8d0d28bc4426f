import { brokenGets } from "./get.ts";
import { judge } from "./verdict.ts";

judge(brokenGets);
