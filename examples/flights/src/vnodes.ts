/** How many partitions the airports fall into. A store is made for one capacity and refuses another. */
export const vnodeCapacity = 128;

/**
 * The vnode of an airport: its FNV-1a hash, and never another hash. A restarted worker finds an
 * airport's state by this number: it must be the same in every process, also after an upgrade.
 */
export function vnodeOf(airport: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < airport.length; index++) {
    hash = Math.imul(hash ^ airport.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % vnodeCapacity;
}

/** Which of `workers` worker processes owns a vnode. */
export function ownerOf(vnode: number, workers: number): number {
  return vnode % workers;
}
