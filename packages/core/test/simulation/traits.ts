/** What only some schedules have. A series tells how many had it. */
export type Trait =
  | "a page that mixes moments"
  | "calls beside each other"
  | "a create that lands long after"
  | "a job that dies over and over"
  | "large seals on a slow line"
  | "faults that stop while all act"
  | "an epoch that is sealed without a look"
  | "a seal with bytes of vnodes"
  | "a chunk that is used again"
  | "a seal of what a codec wrote"
  | "a pinned epoch below the floor";

/** The compiler finds one that is missing here. */
const traitsByName: Readonly<Record<Trait, true>> = {
  "a page that mixes moments": true,
  "calls beside each other": true,
  "a create that lands long after": true,
  "a job that dies over and over": true,
  "large seals on a slow line": true,
  "faults that stop while all act": true,
  "an epoch that is sealed without a look": true,
  "a seal with bytes of vnodes": true,
  "a chunk that is used again": true,
  "a seal of what a codec wrote": true,
  "a pinned epoch below the floor": true,
};

export const everyTrait: readonly string[] = Object.keys(traitsByName);
