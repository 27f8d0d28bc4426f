import { parseArgs } from "node:util";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { configurations } from "./configurations.ts";
import { explore } from "./search.ts";
const { values } = parseArgs({
  options: {
    config: { type: "string" },
    preemptions: { type: "string" },
    minutes: { type: "string", default: "1" },
    ignore: { type: "string", default: "" },
  },
});
const open = ObjectStoreBackend.open.bind(ObjectStoreBackend);
for (const configuration of configurations) {
  if (values.config !== undefined && values.config !== configuration.name) continue;
  const started = performance.now();
  const { violation, ...result } = await explore(configuration, {
    open,
    ignored: values.ignore.split(","),
    preemptions: Number(values.preemptions ?? configuration.preemptions),
    milliseconds: Number(values.minutes) * 60000,
    onProgress: (p) => console.log(JSON.stringify(p)),
  });
  console.log(configuration.name, JSON.stringify(result), ((performance.now() - started) / 1000).toFixed(1));
  if (violation) {
    console.log(violation.id, violation.sentence, violation.preemptions, violation.replay);
    if (values.config) console.log(violation.schedule.join("\n"));
  }
}
