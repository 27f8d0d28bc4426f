import { isStoreError, type Remark } from "@state/core";
import { clockRemark, fieldOf, proxyVariables } from "@state/core/adapter";
import type { ClientParts } from "../client.ts";
import type { RequestPath } from "../direct-path.ts";
import { readRefusal } from "../errors.ts";
import type { Settings } from "../options.ts";
import type { Requester } from "../request.ts";
import type { SdkClient } from "../sdk.ts";
import {
  blobRemarks,
  immutabilityRemark,
  lifecycleRemark,
  namespaceRemark,
  softDeleteRemark,
} from "./matters.ts";

export interface Examined {
  readonly parts: ClientParts;
  readonly settings: Settings;
  readonly requester: Requester;
  readonly path: () => RequestPath | undefined;
}

/** One look at the account or the container. */
interface Matter<T> {
  readonly abouts: readonly string[];
  readonly permission: string;
  readonly ask: (client: SdkClient, signal: AbortSignal) => Promise<T>;
  readonly remarks: (seen: T) => readonly Remark[];
}

const actions = "Microsoft.Storage/storageAccounts/blobServices";
/** One request shows so many blobs and old versions. */
const pageSize = 1_000;

/**
 * Asks the blob service for what it tells of the account and the container, in four requests, and says what follows from it.
 * Lifecycle rules are of the management plane, which a store's credential does not reach.
 */
export async function examine(
  { parts, settings, requester, path }: Examined,
  signal: AbortSignal | undefined,
): Promise<readonly Remark[]> {
  const { account, containerName } = parts;
  const names = { account, containerName, root: settings.root };
  const dates: Dated[] = [];
  const look = <T>(matter: Matter<T>): Promise<readonly Remark[]> => looked(matter, requester, dates, signal);
  const found = await Promise.all([
    look({
      abouts: ["namespace"],
      permission: `${actions}/getInfo/action`,
      ask: ({ container }, abortSignal) => container.getAccountInfo({ abortSignal }),
      remarks: (info) => [namespaceRemark(info.isHierarchicalNamespaceEnabled, info.accountKind)],
    }),
    look({
      abouts: ["immutability"],
      permission: `${actions}/containers/read`,
      ask: ({ container }, abortSignal) => container.getProperties({ abortSignal }),
      remarks: (properties) => [immutabilityRemark(properties, names)],
    }),
    look({
      abouts: ["soft delete"],
      permission: `${actions}/read`,
      ask: ({ service }, abortSignal) => service().getProperties({ abortSignal }),
      remarks: ({ deleteRetentionPolicy }) => [softDeleteRemark(deleteRetentionPolicy, names)],
    }),
    look({
      abouts: ["versioning", "access tier"],
      permission: `${actions}/containers/blobs/read`,
      ask: async ({ container }, abortSignal) => {
        const blobs = container.listBlobsFlat({ prefix: settings.root, includeVersions: true, abortSignal });
        for await (const { segment } of blobs.byPage({ maxPageSize: pageSize })) return segment.blobItems;
        return [];
      },
      remarks: (items) => blobRemarks(items, settings, names),
    }),
  ]);
  return [
    ...found.flat(),
    lifecycleRemark(names),
    clockOf(dates[0]),
    pathRemark(path()),
    ...proxyRemarks(parts, process.env),
  ];
}

interface Dated {
  readonly date: Date;
  readonly sentAt: number;
  readonly receivedAt: number;
}

async function looked<T>(
  { abouts, permission, ask, remarks }: Matter<T>,
  requester: Requester,
  dates: Dated[],
  signal: AbortSignal | undefined,
): Promise<readonly Remark[]> {
  let status: number | undefined;
  try {
    const seen = await requester.run("examine", abouts[0] ?? "", signal, async (request, _, client) => {
      const sentAt = Date.now();
      try {
        const response = await ask(client, request.signal);
        const date = fieldOf(response, "date");
        if (date instanceof Date) dates.push({ date, sentAt, receivedAt: Date.now() });
        return response;
      } catch (error) {
        ({ status } = readRefusal(error) ?? {});
        throw error;
      }
    });
    return remarks(seen);
  } catch (error) {
    if (signal?.aborted === true || !isStoreError(error)) throw error;
    const unseen = unseenBy(status, permission, error.message);
    return abouts.map((about) => ({ about, ...unseen }));
  }
}

function unseenBy(status: number | undefined, permission: string, message: string): Omit<Remark, "about"> {
  const outcome = "unknown";
  if (status !== 403) return { outcome, message: `it could not be asked: ${message}` };
  return {
    outcome,
    message: `not permitted to look: ${permission} is missing`,
    next: `az role definition create --role-definition ROLE.json, with ${permission}, if you want to see it, or use the account's key: checkpoints do not need it`,
  };
}

const signatures = "the service refuses what is signed 15 minutes off it";

function clockOf(dated: Dated | undefined): Remark {
  if (dated === undefined)
    return { about: "clock", outcome: "unknown", message: "no response has come that has a time" };
  return clockRemark(dated.date.toUTCString(), dated, signatures);
}

function pathRemark(path: RequestPath | undefined): Remark {
  const about = "request path";
  if (path === undefined) return { about, outcome: "unknown", message: "nothing was created or read yet" };
  if (path.requestPath === "direct")
    return { about, outcome: "ok", message: "creates and gets are made by the store itself" };
  const message = `requests go through the SDK's pipeline, which takes twice the CPU: ${path.requestPathReason ?? "for no known reason"}`;
  const next =
    "new AzureStore({ accountUrl, containerName, credential: KEY, prefix }), without what the reason names";
  return { about, outcome: "warning", message, next };
}

function proxyRemarks(
  { hasOwnHttpClient }: ClientParts,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Remark[] {
  const about = "proxy";
  const variables = proxyVariables(environment);
  if (variables.length === 0) return [];
  const set = `${variables.join(", ")} ${variables.length === 1 ? "is" : "are"} set`;
  return hasOwnHttpClient
    ? [{ about, outcome: "unknown", message: `${set}; the client's own HTTP client decides what it heeds` }]
    : [
        {
          about,
          outcome: "ok",
          message: `${set}, and heeded: requests go by it, except to hosts in NO_PROXY`,
        },
      ];
}
