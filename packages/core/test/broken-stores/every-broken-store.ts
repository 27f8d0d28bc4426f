import { brokenAborts } from "./abort.ts";
import type { BrokenStore } from "./broken-store.ts";
import { brokenCreates } from "./create.ts";
import { brokenDeletes } from "./delete.ts";
import { brokenDurability } from "./durability.ts";
import { brokenErrors } from "./errors.ts";
import { brokenFreshness } from "./freshness.ts";
import { brokenGets } from "./get.ts";
import { brokenKeys } from "./keys.ts";
import { brokenLists } from "./list.ts";

export const brokenStores: readonly BrokenStore[] = [
  ...brokenCreates,
  ...brokenGets,
  ...brokenLists,
  ...brokenDeletes,
  ...brokenFreshness,
  ...brokenKeys,
  ...brokenAborts,
  ...brokenErrors,
  ...brokenDurability,
];
