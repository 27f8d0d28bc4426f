import type { Job } from "./actors.ts";
import { Process } from "./process.ts";
import type { Surroundings } from "./surroundings.ts";

/** Set-ups that only damage or a wrong configuration brings about. Few schedules of them are enough. */
export async function peculiarActor(world: Surroundings, job: Job, instanceId: string): Promise<void> {
  const { random, lastEpoch } = job;
  switch (random.below(5)) {
    case 0: {
      const process = new Process(world, instanceId, { ignoresCondition: true });
      await process.open();
      return;
    }
    case 1: {
      const process = new Process(world, instanceId);
      await process.open({ vnodeCapacity: 5, readOnly: true });
      return;
    }
    case 2: {
      world.history.isDamaged = true;
      const key = `epoch=${random.below(lastEpoch + 1)}/_COMMIT`;
      world.server.objects.set(key, new TextEncoder().encode(`{"format":3}`));
      break;
    }
    case 3: {
      world.history.isDamaged = true;
      for (const [key, body] of world.server.objects) {
        if (key.includes("/vnode=") && random.chance(0.7))
          world.server.objects.set(
            key,
            body.map((byte) => byte ^ 1),
          );
      }
      break;
    }
    default: {
      world.history.isDamaged = true;
      for (const key of world.server.objects.keys()) {
        if (key.includes("/vnode=") && random.chance(0.5)) world.server.objects.delete(key);
      }
    }
  }
  const process = new Process(world, instanceId);
  await process.open();
  const found = await process.latest();
  if (!("value" in found) || found.value === undefined) return;
  for (const vnode of found.value.vnodes) await process.read(found.value, vnode);
}
