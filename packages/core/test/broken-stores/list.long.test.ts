import { brokenLists } from "./list.ts";
import { judge } from "./verdict.ts";

judge(brokenLists);
