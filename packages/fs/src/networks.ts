import { hasErrno, refusal } from "./errors.ts";
import type { FileCall } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";

/** File systems of several machines, by the type that Linux gives them (statfs(2)). */
export const networks: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB2"],
  [0xff534d42, "CIFS"],
  [0x564c, "NCP"],
  [0x01021997, "9p"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x73757245, "Coda"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x19830326, "BeeGFS"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
  [0x786f4256, "a shared folder of VirtualBox"],
  [0xbacbacbc, "a shared folder of VMware"],
  // sshfs and GlusterFS are such, and so are disks of this machine. The number does not tell them apart.
  [0x65735546, "FUSE, which may be a network's"],
]);

/**
 * Refuses a directory on a file system of several machines: their clients remember for a while that a name is absent, so
 * an instance would not see what another one has sealed.
 */
export async function refuseNetwork(files: FileSystem, directory: string, call: FileCall): Promise<void> {
  const network = networks.get(await typeOf(files, directory));
  if (network === undefined) return;
  const advice =
    "use a disk of this machine or an object store, or see the README for the mount options that are needed, and pass networkFileSystem: true";
  throw refusal(call, { code: "Unsupported", advice }, `${directory} is on ${network}`);
}

export async function typeOf(files: FileSystem, directory: string): Promise<number> {
  try {
    return await files.statfs(directory);
  } catch (error) {
    // It tells no type.
    if (hasErrno(error, "ENOSYS", "ENOTSUP")) return 0;
    throw error;
  }
}
