import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Place } from "./place.ts";

const run = promisify(execFile);

const imageBytes = 4 * 2 ** 30;

/** A file system of its own for each run: in a sparse file behind a loop device, or in memory. */
export const fileSystems: readonly Place[] = [
  fileSystem("ext4", "e2fsprogs", (folder) => mountImage(folder, "ext4")),
  fileSystem("xfs", "xfsprogs", (folder) => mountImage(folder, "xfs")),
  fileSystem("btrfs", "btrfs-progs", (folder) => mountImage(folder, "btrfs")),
  fileSystem("tmpfs", undefined, async (folder) => {
    const mounted = await mounting(folder, ["-t", "tmpfs", "-o", "size=2g", "tmpfs"], "mounted");
    return { root: join(mounted, "store"), mounts: [mounted] };
  }),
  fileSystem("overlayfs", "e2fsprogs", mountOverlay),
];

interface Mounted {
  readonly root: string;
  /** In the order in which they were mounted. */
  readonly mounts: readonly string[];
}

function fileSystem(
  name: string,
  needs: string | undefined,
  mount: (folder: string) => Promise<Mounted>,
): Place {
  return {
    name: `${name}, a directory`,
    version: async () => `Linux ${release().split("-")[0]}`,
    lacks: async () => {
      if (needs !== undefined && !existsSync(`/sbin/mkfs.${name === "overlayfs" ? "ext4" : name}`))
        return `nothing makes one here: \`apt-get install ${needs}\` does`;
      if (process.getuid?.() !== 0) return "only root mounts: run it as root";
      return undefined;
    },
    async open() {
      const folder = await mkdtemp(join(tmpdir(), "state-mounted-"));
      const { root, mounts } = await mount(folder);
      return {
        url: `fs:${root}`,
        env: {},
        async close() {
          for (const mounted of mounts.toReversed()) await run("umount", [mounted]);
          await rm(folder, { recursive: true });
        },
      };
    },
  };
}

async function mountImage(folder: string, type: "ext4" | "xfs" | "btrfs"): Promise<Mounted> {
  const image = join(folder, `${type}.image`);
  await writeFile(image, "");
  await truncate(image, imageBytes);
  await run(`mkfs.${type}`, [type === "ext4" ? "-F" : "-f", "-q", image]);
  const mounted = await mounting(folder, ["-o", "loop", image], "mounted");
  return { root: join(mounted, "store"), mounts: [mounted] };
}

/** As a container has it: what it writes goes into an upper layer, here on ext4. */
async function mountOverlay(folder: string): Promise<Mounted> {
  const { mounts } = await mountImage(folder, "ext4");
  const [image = folder] = mounts;
  const layers = ["lower", "upper", "work"].map((name) => join(image, name));
  await Promise.all(layers.map((layer) => mkdir(layer)));
  const [lower, upper, work] = layers;
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mounted = await mounting(folder, ["-t", "overlay", "-o", options, "overlay"], "overlay");
  return { root: join(mounted, "store"), mounts: [...mounts, mounted] };
}

async function mounting(folder: string, args: readonly string[], name: string): Promise<string> {
  const mounted = join(folder, name);
  await mkdir(mounted);
  await run("mount", [...args, mounted]);
  return mounted;
}
