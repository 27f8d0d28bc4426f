import { brokenCreates } from "./create.ts";
import { judge } from "./verdict.ts";

judge(brokenCreates);
