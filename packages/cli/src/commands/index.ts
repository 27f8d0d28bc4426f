import type { Command } from "../command.ts";
import { abort } from "./abort.ts";
import { certify } from "./certify.ts";
import { copy } from "./copy.ts";
import { diff } from "./diff.ts";
import { doctor } from "./doctor.ts";
import { leaders } from "./leaders.ts";
import { ls } from "./ls.ts";
import { pin } from "./pin.ts";
import { pins } from "./pins.ts";
import { prune } from "./prune.ts";
import { recover } from "./recover.ts";
import { report } from "./report.ts";
import { show } from "./show.ts";
import { takeover } from "./takeover.ts";
import { unpin } from "./unpin.ts";
import { verify } from "./verify.ts";
import { watch } from "./watch.ts";

/** In the order of the help: what looks, then what changes. */
export const commands: readonly Command[] = [
  ls,
  show,
  diff,
  leaders,
  watch,
  verify,
  doctor,
  report,
  pins,
  pin,
  unpin,
  copy,
  prune,
  abort,
  takeover,
  recover,
  certify,
];
