import { resolve } from "node:path";
import { parseStoreUrl } from "@state/core/adapter";

export interface FsStoreOptions {
  /**
   * The directory that holds the objects. Made by the first create if it is not there. May itself
   * be a symbolic link.
   */
  readonly root: string;
  /**
   * Whether files and directories are flushed to the disk before an operation returns. Default
   * `true`.
   *
   * `false` is for tests: if the machine goes down, and not only the process, then objects that
   * were created can be lost.
   */
  readonly fsync?: boolean | undefined;
  /** The mode of files that are made, less the process's umask. Default `0o600`: the user's alone. */
  readonly fileMode?: number | undefined;
  /** The mode of directories that are made, the root's too, less the process's umask. Default `0o700`. */
  readonly directoryMode?: number | undefined;
  /**
   * Whether the root may be on a file system of several machines, such as NFS. Default `false`. It
   * is safe only with mount options that the README names.
   */
  readonly networkFileSystem?: boolean | undefined;
}

export interface Settings {
  readonly root: string;
  readonly fsync: boolean;
  readonly fileMode: number;
  readonly directoryMode: number;
  readonly networkFileSystem: boolean;
}

export function settingsOf(options: FsStoreOptions): Settings {
  const { root, fsync = true, fileMode = 0o600, directoryMode = 0o700, networkFileSystem = false } = options;
  if (typeof root !== "string" || root === "" || root.includes("\0"))
    throw new TypeError(`root must be the path of a directory, not ${JSON.stringify(root)}`);
  for (const [name, value] of Object.entries({ fsync, networkFileSystem })) {
    if (typeof value !== "boolean")
      throw new TypeError(`${name} must be a boolean, not ${JSON.stringify(value)}`);
  }
  checkMode("fileMode", fileMode, 0o600);
  checkMode("directoryMode", directoryMode, 0o700);
  return { root: resolve(root), fsync, fileMode, directoryMode, networkFileSystem };
}

function checkMode(name: string, mode: number, least: number): void {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o777 && (mode & least) === least) return;
  const got = typeof mode === "number" ? octal(mode) : JSON.stringify(mode);
  throw new TypeError(`${name} must be from ${octal(least)} to 0o777, with the owner's rights, not ${got}`);
}

function octal(value: number): string {
  return `0o${value.toString(8)}`;
}

/** The root that `fs:DIR` names: `fs:/abs/dir`, `fs:///abs/dir`, or `fs:relative/dir`, from the working directory. */
export function rootOf(url: string | URL): string {
  const { host, path } = parseStoreUrl(url, "fs");
  if (host !== "")
    throw new TypeError(`the URL must name no host, only a directory: fs:/DIR, not fs://${host}`);
  const isAbsolute = URL.parse(String(url))?.pathname.startsWith("/") === true;
  return isAbsolute ? `/${path}` : path;
}

/** The URL of a root: `fs:/var/lib/state`. What a URL would lose or read otherwise is encoded. */
export function urlOf(root: string): string {
  // oxlint-disable-next-line no-control-regex
  return `fs:${root.replaceAll(/[%?#\s\u0000-\u001f\u007f]/g, encodeURIComponent)}`;
}
