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
  | "a pinned epoch below the floor"
  | "a standby that takes over"
  | "a leader that is alive and loses its office"
  | "a leader that wakes up after its successor sealed"
  | "a namespace that is verified while all act"
  | "a copy that is made while all act";

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
  "a standby that takes over": true,
  "a leader that is alive and loses its office": true,
  "a leader that wakes up after its successor sealed": true,
  "a namespace that is verified while all act": true,
  "a copy that is made while all act": true,
};

export const everyTrait: readonly string[] = Object.keys(traitsByName);
