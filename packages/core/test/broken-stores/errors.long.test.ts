import { brokenErrors } from "./errors.ts";
import { judge } from "./verdict.ts";

judge(brokenErrors);
