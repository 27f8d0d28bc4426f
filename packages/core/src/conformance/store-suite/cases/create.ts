import { isStoreError } from "../../../errors.ts";
import { sha256Hex } from "../../../sha256.ts";
import type { ObjectStore } from "../../../store.ts";
import { expect, long, short } from "../store-case.ts";
import type { StoreCase } from "../store-case.ts";
import {
  createAll,
  deleteAll,
  difference,
  expectBody,
  expectExists,
  listAll,
  pattern,
  showOutcome,
  outcomeOf,
  show,
  nextIteration,
  utf8,
} from "../operations.ts";

const callers = 50;
const mebibyte = 2 ** 20;

export const createCases: readonly StoreCase[] = [
  {
    id: "create.race",
    title: 'of 50 racing callers one gets "created", and its bytes stay',
    family: "create",
    must: "C1",
    timeoutMs: short,
    run: ({ store }) => race(() => store),
  },
  {
    id: "create.race-clients",
    title: 'of 50 callers who race through two clients one gets "created", and its bytes stay',
    family: "create",
    must: "C1",
    timeoutMs: short,
    needs: ["reopen", "severalClients"],
    async run({ store, secondClient }) {
      const second = await secondClient();
      await race((caller) => (caller % 2 === 0 ? store : second));
    },
  },
  {
    id: "create.exists",
    title: 'a second create returns "exists" and leaves the first body',
    family: "create",
    must: "C2",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["epoch=1/_COMMIT"], () => utf8("first"));
      await expectExists(store, "epoch=1/_COMMIT", utf8("second"), overwritten);
      await expectBody(store, "epoch=1/_COMMIT", utf8("first"), overwritten);
    },
  },
  {
    id: "create.equal-bytes",
    title: 'a second create of equal bytes still returns "exists"',
    family: "create",
    must: "C2",
    timeoutMs: short,
    async run({ store }) {
      const body = utf8("same");
      await createAll(store, ["epoch=1/_COMMIT"], () => body);
      const cause =
        "equal bytes taken for this caller's own create, or a response given again to a repeated request";
      await expectExists(store, "epoch=1/_COMMIT", utf8("same"), cause);
      await expectExists(store, "epoch=1/_COMMIT", body, cause);
    },
  },
  {
    id: "create.empty",
    title: "an empty body is a body: it is there, of size 0, and exists",
    family: "create",
    must: "G2",
    timeoutMs: short,
    async run({ store }) {
      const cause = "an empty body taken for an absent one";
      await createAll(store, ["a/empty"], () => new Uint8Array());
      await expectBody(store, "a/empty", new Uint8Array(), cause);
      const { objects } = await listAll(store, "a/");
      expect(objects.length === 1 && objects[0]?.size === 0, `list("a/") gave ${show(objects)}`, cause);
      await expectExists(store, "a/empty", utf8("not empty"), cause);
      await expectBody(store, "a/empty", new Uint8Array(), overwritten);
    },
  },
  {
    id: "create.large",
    title: "5 MiB come back whole",
    family: "create",
    must: "G2",
    timeoutMs: long,
    async run({ store }) {
      await keep(store, pattern(5 * mebibyte + 1));
    },
  },
  {
    id: "create.huge",
    title: "64 MiB come back whole, and are listed with their size",
    family: "create",
    must: "G2",
    timeoutMs: long,
    async run({ store }) {
      await keep(store, pattern(64 * mebibyte));
    },
  },
  {
    id: "create.view",
    title: "a body that is a view of a larger buffer is sent without its surroundings",
    family: "create",
    must: "G2",
    timeoutMs: short,
    async run({ store }) {
      const surroundings = pattern(1_000);
      await createAll(store, ["a/view"], () => surroundings.subarray(100, 300));
      await expectBody(
        store,
        "a/view",
        pattern(1_000).slice(100, 300),
        "`body.buffer` used without its offset and length",
      );
    },
  },
  {
    id: "create.reuse",
    title: "the caller may use its buffer again, once create has returned or rejected",
    family: "create",
    must: "C4",
    timeoutMs: short,
    async run({ store }) {
      const array = pattern(500);
      const buffer = Buffer.from(pattern(500));
      await createAll(store, ["a/array"], () => array);
      await createAll(store, ["a/buffer"], () => buffer);
      const losing = pattern(400);
      await expectExists(store, "a/array", losing, overwritten);
      for (const each of [array, buffer, losing]) each.fill(0);
      const cause = "the caller's buffer kept, not a copy; a Buffer's `slice` copies nothing";
      await expectBody(store, "a/array", pattern(500), cause);
      await expectBody(store, "a/buffer", pattern(500), cause);
    },
  },
  {
    id: "create.whole",
    title: "whoever polls while 8 MiB are created sees nothing or all",
    family: "create",
    must: "C3",
    timeoutMs: long,
    async run({ store }) {
      const body = pattern(8 * mebibyte);
      const cause = "the object is visible under its own name while it is written";
      const state = { isCreated: false };
      const creating = outcomeOf(() => store.create("a/large", body)).finally(() => {
        state.isCreated = true;
      });
      const reader = async (): Promise<void> => {
        while (!state.isCreated) {
          await nextIteration();
          const read = await store.get("a/large");
          const fault = read === undefined ? undefined : difference(read, body);
          expect(fault === undefined, `get gave ${fault} while the create was under way`, cause);
        }
      };
      const lister = async (): Promise<void> => {
        while (!state.isCreated) {
          await nextIteration();
          const size = (await listAll(store, "a/")).objects[0]?.size;
          expect(size === undefined || size === body.length, `list gave a size of ${size}`, cause);
        }
      };
      await Promise.all([reader(), reader(), lister()]);
      const result = await creating;
      expect(
        !result.rejected && result.value === "created",
        `create ended with ${showOutcome(result)}`,
        "a service that failed",
      );
      await expectBody(store, "a/large", body, cause);
    },
  },
  {
    id: "create.after-delete",
    title: "a deleted key can be created again, with other bytes",
    family: "create",
    must: "C6",
    timeoutMs: short,
    async run({ store }) {
      await createAll(store, ["a/again"], () => utf8("first"));
      await deleteAll(store, ["a/again"]);
      await createAll(store, ["a/again"], () => utf8("second"));
      await expectBody(store, "a/again", utf8("second"), "a tombstone, or a cache that outlives the delete");
    },
  },
  {
    id: "create.digest",
    title: "a body that comes with a SHA-256 is stored as it is, or refused where that is another body's",
    family: "create",
    must: "C10",
    timeoutMs: short,
    async run({ store }) {
      const [body, other] = [utf8("a body"), utf8("another")];
      const sha256 = await sha256Hex(new Uint8Array(body));
      const cause = "the digest taken for the body itself, or a body kept that was refused";
      const response = await store.create("a/right", body, { sha256 });
      expect(response === "created", `create with the body's SHA-256 returned ${show(response)}`, cause);
      await expectBody(store, "a/right", body, cause);
      const wrong = await outcomeOf(() => store.create("a/wrong", other, { sha256 }));
      if (!wrong.rejected) {
        expect(wrong.value === "created", `create ended with ${showOutcome(wrong)}`, cause);
        await expectBody(store, "a/wrong", other, cause);
        return;
      }
      expect(
        isStoreError(wrong.reason),
        `create with another body's SHA-256 ended with ${showOutcome(wrong)}`,
        "an error of the service's client, as it came",
      );
      const { keys } = await listAll(store, "");
      expect(!keys.includes("a/wrong"), `list gave ${show(keys)} after the refusal`, cause);
    },
  },
  {
    id: "create.too-large",
    title: "a body of 2^31 bytes is a RangeError, and nothing is there",
    family: "create",
    must: "C5",
    timeoutMs: short,
    async run({ store }) {
      const result = await outcomeOf(() => store.create("a/huge", new Huge()));
      const reason = result.rejected ? result.reason : undefined;
      expect(
        reason instanceof RangeError,
        `create ended with ${showOutcome(result)}`,
        "the length is not checked",
      );
      const { keys } = await listAll(store, "");
      expect(keys.length === 0, `list gave ${show(keys)} afterwards`, "the length is checked too late");
    },
  },
];

const overwritten = "a put without the condition: the second create wrote over the first";

/** Says that it is 2 GiB long without being so. */
class Huge extends Uint8Array {
  override get length(): number {
    return 2 ** 31;
  }
  override get byteLength(): number {
    return 2 ** 31;
  }
}

async function keep(store: ObjectStore, body: Uint8Array): Promise<void> {
  const key = "epoch=1/vnode=0/partial.bin";
  await createAll(store, [key], () => body);
  await expectBody(store, key, body, "a body cut at a buffer's or a part's size");
  const size = (await listAll(store, "epoch=1/")).objects[0]?.size;
  expect(
    size === body.length,
    `${body.length} bytes were listed with size ${size}`,
    "the size of a part, or a size that does not fit its field",
  );
}

async function race(clientOf: (caller: number) => ObjectStore): Promise<void> {
  for (const round of [1, 2, 3, 4, 5]) {
    const key = `epoch=${round}/_COMMIT`;
    const bodies = Array.from({ length: callers }, (_, caller) => pattern(1_000 + caller, caller));
    const responses = await Promise.all(bodies.map((body, caller) => clientOf(caller).create(key, body)));
    const winners = bodies.filter((_, caller) => responses[caller] === "created");
    const losers = responses.filter((response) => response === "exists");
    const [winner] = winners;
    expect(
      winner !== undefined && winners.length === 1 && losers.length === callers - 1,
      `of ${callers} callers ${winners.length} got "created" and ${losers.length} "exists"`,
      "a check that the key is absent, and then a write that does not depend on it",
    );
    for (const client of new Set([clientOf(0), clientOf(1)])) {
      await expectBody(client, key, winner, "a loser wrote over the winner");
    }
  }
}
