import { commitKey, epochPrefix, parseEpochObject } from "../../layout.ts";
import { mapInOrder } from "../../in-order.ts";
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
    const doomed: Folder[] = [];
    for (const folder of folders) {
      // rule: undeleted-seal-keeps-its-objects
      if (undeleted.has(commitKey(folder.epoch))) await folder.pages.return();
      else doomed.push(folder);
    }
    const batches = inBatches(objectsOf(doomed, kept));
    const ahead = { limit: namespace.concurrency, weightLimit: Infinity, weightOf: () => 1, signal };
    const deleted = mapInOrder(batches, ahead, (batch) => deletions.deleteObjects(batch));
    while ((await deleted.next()).done !== true);
  }
}

/** What is in the folders, but for seals and what is kept: what was read of them first, and then the pages that are left. */
async function* objectsOf(folders: readonly Folder[], kept: ReadonlySet<string>): Pages {
  const isDoomed = ({ key }: ListedObject): boolean => !key.endsWith("/_COMMIT") && !kept.has(key);
  for (const { objects } of folders) yield objects.filter(isDoomed);
  for (const { pages } of folders) for await (const page of pages) yield page.filter(isDoomed);
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

/** Objects of many epochs, as many at a time as a bulk delete takes. */
async function* inBatches(pages: Pages): Pages {
  let batch: ListedObject[] = [];
  for await (const page of pages) {
    for (const object of page) {
      batch.push(object);
      if (batch.length < deleteBatch) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
