import { dirname } from "node:path";
import type { Remark } from "@state/core";
import { quoted } from "@state/core/adapter";
import { hasErrno, textOf } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { networks, typeOf } from "./networks.ts";
import type { Settings } from "./options.ts";

/** File systems of one machine, by the type that Linux gives them (statfs(2)). */
const local: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "XFS"],
  [0x9123683e, "Btrfs"],
  [0x2fc12fc1, "ZFS"],
  [0xf2f52010, "F2FS"],
]);

/** What is lost with something that is less than a disk. */
const passing: ReadonlyMap<number, readonly [name: string, lostWith: string]> = new Map([
  [0x01021994, ["tmpfs", "it is memory: a power cut or a restart of the machine loses all checkpoints"]],
  [0x858458f6, ["ramfs", "it is memory: a power cut or a restart of the machine loses all checkpoints"]],
  [0x794c7630, ["overlayfs", "it is a container's own layer: all checkpoints are lost with the container"]],
  [0x61756673, ["aufs", "it is a container's own layer: all checkpoints are lost with the container"]],
]);

/** File systems without hard links, on which no create succeeds. */
const withoutLinks: ReadonlyMap<number, string> = new Map([
  [0x4d44, "FAT"],
  [0x2011bab0, "exFAT"],
]);

/** What a root is on, and how what is made there is kept. It reads types alone, and makes nothing. */
export async function remarksOn(
  files: FileSystem,
  settings: Settings,
  platform: string,
): Promise<readonly Remark[]> {
  return [await fileSystemRemark(files, settings, platform), flushRemark(settings)];
}

async function fileSystemRemark(files: FileSystem, settings: Settings, platform: string): Promise<Remark> {
  const about = "file system";
  if (platform !== "linux") {
    const message = `of which kind it is cannot be told on ${platform}`;
    const next = `mount: the line of ${settings.root} must name no network, and no memory`;
    return { about, outcome: "unknown", message, next };
  }
  try {
    const [directory, type] = await nearestType(files, settings.root);
    return { about, ...judged(type, directory, settings) };
  } catch (error) {
    return { about, outcome: "unknown", message: `its type cannot be read: ${textOf(error)}` };
  }
}

/** Of the root, or of the directory in which the first create will make it. */
async function nearestType(files: FileSystem, root: string): Promise<readonly [string, number]> {
  try {
    return [root, await typeOf(files, root)];
  } catch (error) {
    const parent = dirname(root);
    if (!hasErrno(error, "ENOENT") || parent === root) throw error;
    return nearestType(files, parent);
  }
}

function judged(
  type: number,
  directory: string,
  { root, networkFileSystem }: Settings,
): Omit<Remark, "about"> {
  const network = networks.get(type);
  if (type === 0) return { outcome: "unknown", message: `the type of ${directory} is not told` };
  // A store on a network is refused, so that `state copy` cannot read it.
  const cp = `cp -a ${quoted(root)} /var/lib/NAME`;
  if (network !== undefined) {
    const means = "an instance may not see what another one has sealed";
    return networkFileSystem
      ? {
          outcome: "warning",
          message: `${directory} is on ${network}, as was allowed: ${means}`,
          next: mounts,
        }
      : { outcome: "failed", message: `${directory} is on ${network}: ${means}`, next: cp };
  }
  const [name, lostWith] = passing.get(type) ?? [];
  if (name !== undefined && lostWith !== undefined)
    return {
      outcome: "warning",
      message: `${directory} is on ${name}: ${lostWith}`,
      next: `state copy fs:${quoted(root)} fs:/var/lib/NAME --yes`,
    };
  const unlinked = withoutLinks.get(type);
  if (unlinked !== undefined)
    return {
      outcome: "failed",
      message: `${directory} is on ${unlinked}: it has no hard links, and no create succeeds`,
      next: cp,
    };
  const known =
    local.get(type) ?? `a file system of type 0x${type.toString(16)}, which is no known network's`;
  return { outcome: "ok", message: `${directory} is on ${known}` };
}

const mounts = "mount: the options must be those that the README of @state/fs names";

function flushRemark({ fsync }: Settings): Remark {
  const about = "durability";
  if (fsync) return { about, outcome: "ok", message: "files and directories are flushed" };
  const message = "nothing is flushed: if the machine goes down, then checkpoints are lost";
  return { about, outcome: "failed", message, next: "new FsStore({ root, fsync: true })" };
}
