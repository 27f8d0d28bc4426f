import { brokenAborts } from "./abort.ts";
import { judge } from "./verdict.ts";

judge(brokenAborts);
