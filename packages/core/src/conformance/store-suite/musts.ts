/** The id of a MUST in `docs/store-contract.md`. */
export type StoreMust =
  | "C1"
  | "C2"
  | "C3"
  | "C4"
  | "C5"
  | "C6"
  | "C10"
  | "G1"
  | "G2"
  | "G3"
  | "G5"
  | "L1"
  | "L2"
  | "L3"
  | "L4"
  | "L5"
  | "L7"
  | "L8"
  | "D1"
  | "D2"
  | "D3"
  | "R1"
  | "R2"
  | "K1"
  | "K2"
  | "K3"
  | "K5"
  | "K6"
  | "A1"
  | "A2"
  | "A3"
  | "E1"
  | "E4"
  | "P1";

/** What the suite holds a store to, by id. `docs/store-contract.md` has the same sentences, and those that no suite can check. */
export const storeMusts: Readonly<Record<StoreMust, string>> = {
  C1: "Of any number of concurrent callers that create one key, exactly one gets `created`.",
  C2: "A key that is there is never written again: `create` returns `exists`, also for equal bytes.",
  C3: "Readers see all of a body or nothing, whatever its length.",
  C4: "Once `create` has returned or rejected, the store keeps no reference to the body.",
  C5: "A body of 2^31 bytes or more is a `RangeError` before anything is sent.",
  C6: "A key that was deleted can be created again.",
  C10: "A body that comes with the SHA-256 of another is stored as it is, or refused; then nothing is there.",
  G1: "`get` returns `undefined` for a key that is not there, whatever is near it.",
  G2: "`get` gives back exactly the bytes that were created.",
  G3: "The bytes that `get` returns are the caller's own.",
  G5: "`get` returns a plain `Uint8Array` over an `ArrayBuffer`: no `Buffer`, no other subclass, no shared memory.",
  L1: "A listing gives each key that is there throughout exactly once, with its exact size.",
  L2: "Keys come in byte order, within and across pages.",
  L3: "With the delimiter a listing gives the immediate children only: keys, and each folder once, whole and ending in `/`.",
  L4: "A prefix ends in `/` and matches whole segments; any other but the empty one is `InvalidKey`.",
  L5: "A listing reports everything at `next()`, and can be stopped early and begun again.",
  L7: "A page of a listing without the delimiter holds at most 5,000 keys.",
  L8: "A store that declares `wholeListings` never tears a page: the page is of one moment; or it is a scan that takes each key in ascending order as it is when the scan gets there; or, where a name that was taken is gone when it is looked at, the page's names are taken again.",
  D1: "Deleting is idempotent: an absent key is a success, and no keys are no work.",
  D2: "A delete takes any number of keys, and what it does not report as failed is gone.",
  D3: "A delete touches the keys it was given and nothing else.",
  R1: "Every create and delete that has returned is seen by the next `get` and `list`, whoever asks.",
  R2: "What a listing names, and is not deleted, the next `get` gives: whole, and of the size that was listed.",
  K1: "Every key that the grammar allows is held, and no two keys are one.",
  K2: "Any other key is `InvalidKey`, and nothing is sent: not even the good keys of the same delete.",
  K3: "Two prefixes never see each other.",
  K5: "Where one key is a folder of another, a store holds both or refuses the later with `InvalidKey`, and damages neither.",
  K6: "Where the medium takes names that differ only in case for one, a store refuses the later key with `InvalidKey`, and neither gives out, lists nor deletes the one as the other; its harness says `foldsCase`.",
  A1: "An operation whose signal is already aborted does nothing and rejects with the signal's own reason.",
  A2: "A signal that aborts ends its own operation, with its own reason, and nothing else.",
  A3: "No listener stays on a signal.",
  E1: "What a store rejects with is a `StoreError`, recognised by `isStoreError`.",
  E4: "A call reports its failure by rejecting, never by throwing, and the store works on.",
  P1: "What was created or deleted is so for the next client, whether the one before was closed or lost.",
};
