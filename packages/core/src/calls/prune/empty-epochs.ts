import { commitKey, epochPrefix, parseEpochObject } from "../../layout.ts";
import { mapBounded } from "../../concurrency.ts";
import { mapInOrder } from "../../in-order.ts";
import { Lanes } from "../../lanes.ts";
import type { Namespace } from "../../namespace.ts";
import type { ListedObject } from "../../store.ts";
import type { Deletions } from "./deletions.ts";

/** Epochs are emptied this many at a time, while as many are opened. The first page of each is held in memory. */
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
  const requests = new Lanes(namespace.concurrency);
  const all = { weightLimit: Infinity, weightOf: () => 1, signal };
  // While a group is emptied the next is opened, in the room that the deletes leave.
  const ahead = { ...all, limit: groupSize };
  const opened = mapInOrder(epochs.values(), ahead, (epoch, stopped) =>
    requests.slow(async () => {
      stopped.throwIfAborted();
      // Its other pages are read later, also after the last folder was opened, which aborts `stopped`.
      return openFolder(namespace, epoch, signal);
    }),
  );
  for await (const folders of inGroups(opened)) {
    const seals = folders.flatMap(({ seal }) => seal).filter(({ key }) => !kept.has(key));
    const undeleted = await requests.fast(() => deletions.deleteObjects(seals));
    const doomed: Folder[] = [];
    for (const folder of folders) {
      // rule: undeleted-seal-keeps-its-objects
      if (undeleted.has(commitKey(folder.epoch))) await folder.pages.return();
      else doomed.push(folder);
    }
    const batches = inBatches(objectsOf(doomed, kept, requests));
    const atOnce = { ...all, limit: namespace.concurrency };
    const deleted = mapInOrder(batches, atOnce, (batch) =>
      requests.fast(() => deletions.deleteObjects(batch)),
    );
    while ((await deleted.next()).done !== true);
  }
}

async function* inGroups(folders: AsyncIterable<Folder>): AsyncGenerator<readonly Folder[], void, undefined> {
  let group: Folder[] = [];
  for await (const folder of folders) {
    group.push(folder);
    if (group.length < groupSize) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** What is in the folders, but for seals and what is kept: what was read of them first, and then the pages that are left. */
async function* objectsOf(folders: readonly Folder[], kept: ReadonlySet<string>, requests: Lanes): Pages {
  const isDoomed = ({ key }: ListedObject): boolean => !key.endsWith("/_COMMIT") && !kept.has(key);
  for (const { objects } of folders) yield objects.filter(isDoomed);
  // Most epochs have no other page. To find that out takes a place among the requests, so it is done side by side.
  const rest = await mapBounded(folders, folders.length, async ({ pages }) => ({
    pages,
    second: await requests.fast(() => pages.next()),
  }));
  for (const { pages, second } of rest) {
    for (let page = second; page.done !== true; page = await requests.fast(() => pages.next()))
      yield page.value.filter(isDoomed);
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
