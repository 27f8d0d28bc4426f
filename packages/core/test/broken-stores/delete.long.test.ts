import { brokenDeletes } from "./delete.ts";
import { judge } from "./verdict.ts";

judge(brokenDeletes);
