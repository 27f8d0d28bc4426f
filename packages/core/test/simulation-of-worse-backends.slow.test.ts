/** What no rule of the protocol stands for is judged too: cost, liveness, and each read. */
import { expect, test } from "vitest";
import { ObjectStoreBackend } from "../src/backend.ts";
import type { StateBackend } from "../src/state-backend.ts";
import type { OpenBackend } from "./simulation/surroundings.ts";
import { runMany } from "./simulation/series.ts";

type Worsen = (backend: StateBackend) => Partial<StateBackend>;

/** Each method of `worsen` stands in for the backend's own, which it may call. */
const worse =
  (worsen: Worsen): OpenBackend =>
  async (options) => {
    const backend = await ObjectStoreBackend.open(options);
    const methods = worsen(backend);
    return new Proxy<StateBackend>(backend, {
      get(_, name) {
        const own: unknown = Reflect.get(backend, name);
        return Reflect.get(methods, name) ?? (typeof own === "function" ? own.bind(backend) : own);
      },
    });
  };

const cases: readonly { readonly what: string; readonly found: RegExp; readonly worsen: Worsen }[] = [
  {
    what: "a takeover that lists control once more",
    found: /^cost: takeover .* took \d+ requests, not \d+$/m,
    worsen: (backend) => ({
      takeover: async (args, options) => {
        const taken = await backend.takeover(args, options);
        await backend.latestCommittedEpoch(options);
        return taken;
      },
    }),
  },
  {
    what: "a takeover that claims no version above 2",
    found: /^liveness: takeover failed at the end with StaleVersion, and nobody else decided anything$/m,
    worsen: (backend) => ({
      takeover: (args, options) => backend.takeover({ version: Math.min(args.version, 2) }, options),
    }),
  },
  {
    what: "an epochComplete that always misses something",
    found: /^liveness: epoch \d+ is not complete at the end, and nobody else decided anything$/m,
    worsen: () => ({ epochComplete: async () => ({ complete: false, missing: [0] }) }),
  },
  {
    what: "an epochComplete that looks 40 times before it seals",
    found: /^liveness: epoch \d+ was sealed: that took \d+ requests, not \d+$/m,
    worsen: (backend) => ({
      epochComplete: async (args, options) => {
        for (let times = 0; times < 40; times++) await backend.latestCommittedEpoch(options);
        return backend.epochComplete(args, options);
      },
    }),
  },
  {
    what: "a sealedEpochs that leaves out the highest",
    found: /^5: sealedEpochs after -?\d+ returned \[.*\]: \d+ had been sealed before$/m,
    worsen: (backend) => ({
      sealedEpochs: async (args, options) => (await backend.sealedEpochs(args, options)).slice(0, -1),
    }),
  },
  {
    what: "a describeEpoch that calls what is pruned open",
    found: /^4: describeEpoch of \d+ returned open, the floor was \d+$/m,
    worsen: (backend) => ({
      describeEpoch: async (epoch, options) => {
        const described = await backend.describeEpoch(epoch, options);
        return described.state === "pruned" ? { ...described, state: "open" } : described;
      },
    }),
  },
  {
    what: "a readPartial that reads nothing where it fails",
    found:
      /^[47]: readPartial of vnode \d+ in \d+ (?:returned, the floor was \d+|gave other bytes than were sealed)$/m,
    worsen: (backend) => ({
      readPartial: (args, options) => backend.readPartial(args, options).catch(() => undefined),
    }),
  },
  {
    what: "a handle that reads what another vnode holds",
    found: /^7: reading \d+ of \d+ gave other bytes$/m,
    worsen: (backend) => ({
      latest: async (options) => {
        const handle = await backend.latest(options);
        if (handle === undefined) return undefined;
        const { epoch, committer, seal, vnodes, attachments } = handle;
        return {
          epoch,
          committer,
          seal,
          vnodes,
          attachments,
          read: (vnode, reading) => handle.read(vnode === 0 ? 1 : 0, reading),
          stream: (vnode, reading) => handle.stream(vnode === 0 ? 1 : 0, reading),
          readAttachment: (name, reading) => handle.readAttachment(name, reading),
        };
      },
    }),
  },
];

test.for(cases)("$what is noticed", { timeout: 120_000 }, async ({ found, worsen }) => {
  const { violation } = await runMany({ first: 1, runs: 100, open: worse(worsen) });
  expect(violation?.text).toMatch(found);
});
