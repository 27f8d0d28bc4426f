import { commitKey, epochPrefix, parseEpochObject } from "../../layout.ts";
import type { Namespace } from "../../namespace.ts";
import type { ListedObject } from "../../store.ts";
import type { Deletions } from "./deletions.ts";

/** Epochs are emptied this many at a time: the first page of each is held in memory. */
const groupSize = 32;
const deleteBatch = 1000;

/** Seals first, then what they named: half an epoch with its seal would look whole. */
export async function emptyEpochs(
  namespace: Namespace,
  epochs: readonly number[],
  kept: ReadonlySet<string>,
  deletions: Deletions,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let start = 0; start < epochs.length; start += groupSize) {
    const group = epochs.slice(start, start + groupSize);
    const folders = await namespace.map(group, (epoch) => openFolder(namespace, epoch, signal));
    const seals = folders.flatMap(({ seal }) => seal).filter(({ key }) => !kept.has(key));
    const undeleted = await deletions.deleteObjects(seals);
    const batch = new DeleteBatch(deletions);
    for (const { epoch, objects, pages } of folders) {
      // rule: undeleted-seal-keeps-its-objects
      if (undeleted.has(commitKey(epoch))) {
        await pages.return();
        continue;
      }
      const isDoomed = ({ key }: ListedObject): boolean => key !== commitKey(epoch) && !kept.has(key);
      await batch.add(objects.filter(isDoomed));
      for await (const page of pages) await batch.add(page.filter(isDoomed));
    }
    await batch.flush();
  }
}

type Pages = AsyncGenerator<readonly ListedObject[], void, undefined>;

/** An epoch's objects, page by page, without what others may have put into its folder. */
export async function* ownPages(namespace: Namespace, epoch: number, signal: AbortSignal | undefined): Pages {
  for await (const page of namespace.client.list(epochPrefix(epoch), { signal })) {
    // rule: foreign-objects-are-left-alone
    yield page.objects.filter(({ key }) => parseEpochObject(key) !== undefined);
  }
}

interface Folder {
  readonly epoch: number;
  /** The pages read so far. */
  readonly objects: readonly ListedObject[];
  /** Those that are left. */
  readonly pages: Pages;
  /** `_COMMIT`, if it is there. */
  readonly seal: readonly ListedObject[];
}

/** Reads an epoch's folder until its `_COMMIT` is found, or known to be absent. */
async function openFolder(
  namespace: Namespace,
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Folder> {
  const pages = ownPages(namespace, epoch, signal);
  const objects: ListedObject[] = [];
  // A page may be empty. The first key that does not sort before `_COMMIT` shows whether it is there.
  while (!objects.some(({ key }) => key >= commitKey(epoch))) {
    const page = await pages.next();
    if (page.done === true) break;
    objects.push(...page.value);
  }
  return { epoch, objects, pages, seal: objects.filter(({ key }) => key === commitKey(epoch)) };
}

/** Collects objects of many epochs until a bulk delete is full. */
class DeleteBatch {
  readonly #deletions: Deletions;
  #objects: ListedObject[] = [];

  constructor(deletions: Deletions) {
    this.#deletions = deletions;
  }

  async add(objects: readonly ListedObject[]): Promise<void> {
    for (const object of objects) {
      this.#objects.push(object);
      if (this.#objects.length === deleteBatch) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const objects = this.#objects;
    this.#objects = [];
    if (objects.length > 0) await this.#deletions.deleteObjects(objects);
  }
}
