import type { Configuration } from "./configuration.ts";
import { leading } from "./leading.ts";
import { pruning } from "./pruning.ts";

export const configurations: readonly Configuration[] = [...leading, ...pruning];
