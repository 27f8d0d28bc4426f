import { expect, test } from "vitest";
import { OffsetDisplay } from "../src/offset-display.ts";
import { Log, Member } from "./support/log.ts";

const partition = { topic: "flights", partition: 0 };

/** A group whose commits end when the test says so. */
class Slow extends Member {
  readonly begun: bigint[] = [];
  readonly #ends: (() => void)[] = [];

  override commit(...[, next]: Parameters<Member["commit"]>): Promise<void> {
    this.begun.push(next);
    return new Promise((resolve) => {
      this.#ends.push(resolve);
    });
  }

  end(): void {
    this.#ends.shift()?.();
  }
}

test("one commit is under way, and the next is of the newest offset", async () => {
  const group = new Slow(new Log());
  const display = new OffsetDisplay({ group, onEvent: () => undefined }, partition);
  for (const next of [1n, 2n, 3n]) display.show(next);
  expect(group.begun).toEqual([1n]);
  let isClosed = false;
  const closed = display.close().then(() => (isClosed = true));
  group.end();
  await expect.poll(() => group.begun).toEqual([1n, 3n]);
  expect(isClosed).toBe(false);
  group.end();
  await closed;
});

test("a commit that fails is told, and the next offset is committed all the same", async () => {
  const events: unknown[] = [];
  const log = new Log();
  const group = new Member(log);
  const display = new OffsetDisplay({ group, onEvent: (event) => events.push(event) }, partition);
  display.show(1n);
  await display.close();
  expect(events).toMatchObject([{ type: "offset-not-committed", partition }]);
  await group.assign(0);
  display.show(2n);
  await display.close();
  expect(log.committed.get(0)).toBe(2n);
});
