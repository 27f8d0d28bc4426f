import { brokenDurability } from "./durability.ts";
import { judge } from "./verdict.ts";

judge(brokenDurability);
