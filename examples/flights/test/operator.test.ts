import { expect, test } from "vitest";
import type { Flight } from "../src/flights.ts";
import { DelayOperator } from "../src/operator.ts";
import { vnodeOf } from "../src/vnodes.ts";

const seattle = vnodeOf("SEA");
const denver = vnodeOf("DEN");

function flight(origin: string, destination: string, delay: bigint): Flight {
  return { origin, destination, delay };
}

test("an epoch's rows are its own flights; the state counts the flights of all epochs", () => {
  const operator = new DelayOperator();
  operator.process([flight("SEA", "LAX", 5n)]);

  const { rows } = operator.process([flight("SEA", "LAX", 7n), flight("SEA", "DEN", -2n)]);

  expect([...rows]).toEqual([
    ["SEA-LAX", { count: 1, sum: 7, sumOfSquares: 49, min: 7, max: 7 }],
    ["SEA-DEN", { count: 1, sum: -2, sumOfSquares: 4, min: -2, max: -2 }],
  ]);
  expect(new TextDecoder().decode(operator.snapshot(seattle))).toBe(
    "SEA,3,10,78,-2,7\nSEA-DEN,1,-2,4,-2,-2\nSEA-LAX,2,12,74,5,7\n",
  );
});

test("a vnode without a flight in the epoch is unchanged; one that never had any is not named at all", () => {
  const operator = new DelayOperator();
  expect(operator.process([flight("SEA", "LAX", 5n)])).toMatchObject({ changed: [seattle], unchanged: [] });

  expect(operator.process([flight("DEN", "LAX", 5n)])).toMatchObject({
    changed: [denver],
    unchanged: [seattle],
  });
  expect(operator.process([])).toMatchObject({ changed: [], unchanged: [seattle, denver] });
});

test("a restored operator goes on as if it had never stopped", () => {
  const whole = new DelayOperator();
  whole.process([flight("SEA", "LAX", 5n), flight("DEN", "LAX", 1n)]);
  const restored = new DelayOperator();
  restored.restore(seattle, whole.snapshot(seattle));
  restored.restore(denver, whole.snapshot(denver));

  const next = [flight("SEA", "LAX", -40n)];

  expect(restored.process(next)).toEqual(whole.process(next));
  expect(restored.snapshot(seattle)).toEqual(whole.snapshot(seattle));
});
