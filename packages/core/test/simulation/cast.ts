import { type Actor, type Job, operator, reader, writer } from "./actors.ts";
import { inspector } from "./inspector.ts";
import { crashLoop, leader } from "./leaders.ts";
import { Process } from "./process.ts";
import { standbyLeader } from "./standbys.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Random } from "./random.ts";

const roles: Readonly<Record<string, Actor>> = {
  L: crashLoop,
  W: writer,
  R: reader,
  S: reader,
  O: operator,
  P: operator,
  I: inspector,
  T: standbyLeader,
  U: standbyLeader,
  V: standbyLeader,
};

interface Role {
  readonly id: string;
  readonly actor: Actor;
  process: Process | undefined;
}

/** Who is acting: the instances, and which of their processes is alive. */
export class Cast {
  readonly #world: Surroundings;
  readonly #job: Job;
  readonly #roles = new Set<Role>();
  /** Performances that have not ended. */
  running = 0;

  constructor(world: Surroundings, job: Job) {
    this.#world = world;
    this.#job = job;
  }

  get isOver(): boolean {
    return this.running === 0;
  }

  /** An instance begins to act. */
  enter(id: string): void {
    const role: Role = { id, actor: roles[id] ?? leader, process: undefined };
    this.#roles.add(role);
    this.run(id, async () => {
      await role.actor(this.#job, async (options) => {
        const process = new Process(this.#world, id);
        role.process = process;
        const opened = await process.open(options);
        return "value" in opened ? process : undefined;
      });
      this.#roles.delete(role);
    });
  }

  /** Counts a performance until it ends. One that has crashed never does. */
  run(id: string, perform: () => Promise<void>): void {
    this.running += 1;
    perform().then(
      () => (this.running -= 1),
      (error: unknown) => this.#world.history.violate("simulation", `${id}: ${String(error)}`),
    );
  }

  /** Somebody's process dies; most are started again, as another incarnation. */
  crash(random: Random): string | undefined {
    const alive = [...this.#roles].filter(({ process }) => process !== undefined);
    const role = alive[random.below(alive.length)];
    if (role?.process === undefined) return undefined;
    role.process.crash();
    this.#roles.delete(role);
    this.running -= 1;
    if (random.chance(0.7)) this.enter(role.id);
    return `${role.id} crashes`;
  }
}
