import { anchored } from "./anchored.ts";
import { chunking } from "./chunking.ts";
import { claiming } from "./claiming.ts";
import type { Configuration } from "./configuration.ts";
import { damaged } from "./damage.ts";
import { leading } from "./leading.ts";
import { opening } from "./opening.ts";
import { pinning } from "./pinning.ts";
import { pruning } from "./pruning.ts";
import { receipts } from "./receipts.ts";

export const configurations: readonly Configuration[] = [
  ...opening,
  ...leading,
  ...receipts,
  ...claiming,
  ...anchored,
  ...pruning,
  ...pinning,
  ...chunking,
  ...damaged,
];
