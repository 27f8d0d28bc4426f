import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { S3Server } from "./minio.ts";
import { freePort, startProcess } from "./process.ts";
import type { Server } from "./server.ts";

const run = promisify(execFile);

export const cephCommand = "apt-get install radosgw ceph-mon ceph-osd ceph-common";

/** Debian's packages bring it. */
export function hasCeph(): boolean {
  return ["radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph"].every((name) =>
    existsSync(`/usr/bin/${name}`),
  );
}

/** `16.2.15` */
export async function cephVersion(): Promise<string> {
  const { stdout } = await run("radosgw", ["--version"]);
  return /version (\S+)/.exec(stdout)?.[1] ?? stdout.trim();
}

/**
 * Starts Ceph's object gateway on the smallest cluster that there is: one monitor, and one OSD with one copy of each object
 * in BlueStore in a sparse file. What its data is worth without a second copy is not what is tested.
 */
export async function startCeph(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "state-ceph-"));
  const file = (name: string): string => join(folder, name);
  const [v2, v1] = [await freePort(), await freePort()];
  const monitor = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
  const [cluster, osd] = [crypto.randomUUID(), crypto.randomUUID()];
  await Promise.all([mkdir(file("osd")), mkdir(file("rgw"))]);
  await writeFile(file("ceph.conf"), configOf(folder, cluster, monitor));
  const config = ["-c", file("ceph.conf")];
  const servers: Server[] = [];
  const stop = async (): Promise<void> => {
    for (const server of servers.toReversed()) await server.stop();
    await rm(folder, { recursive: true });
  };
  const ceph = (...args: readonly string[]): Promise<unknown> =>
    run("ceph", [...config, "--connect-timeout", "5", ...args]);
  const daemon = async (name: string, args: readonly string[], isReady: IsReady): Promise<void> => {
    servers.push(
      await startProcess({ name, command: name, args: () => [...config, ...args, "-f"], isReady }),
    );
  };
  try {
    await makeKeys(file("keyring"));
    await run("monmaptool", ["--create", "--addv", "a", monitor, "--fsid", cluster, file("monmap")]);
    const made = ["--mkfs", "-i", "a", "--monmap", file("monmap"), "--keyring", file("keyring")];
    await run("ceph-mon", [...config, ...made]);
    await daemon("ceph-mon", ["-i", "a"], async () => ceph("status").then(() => true));
    await ceph("auth", "add", "osd.0", "-i", file("keyring"));
    await ceph("osd", "new", osd);
    await run("ceph-osd", [...config, "-i", "0", "--mkfs", "--osd-uuid", osd]);
    await daemon("ceph-osd", ["-i", "0"], async () => {
      const { stdout } = await run("ceph", [...config, "osd", "stat", "--format", "json"]);
      return (JSON.parse(stdout) as { readonly num_up_osds: number }).num_up_osds === 1;
    });
    const [accessKeyId, secretAccessKey] = ["state-test", crypto.randomUUID()];
    const user = ["--uid=test", "--display-name=test", `--access-key=${accessKeyId}`];
    await run("radosgw-admin", [...config, "user", "create", ...user, `--secret-key=${secretAccessKey}`]);
    const gateway = await startProcess({
      name: "radosgw",
      command: "radosgw",
      args: (port) => [
        ...config,
        "-n",
        "client.admin",
        `--rgw-frontends=beast endpoint=127.0.0.1:${port}`,
        "-f",
      ],
      isReady: async (endpoint) => (await fetch(`${endpoint}/`)).ok,
    });
    servers.push(gateway);
    return { endpoint: gateway.endpoint, region: "us-east-1", accessKeyId, secretAccessKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type IsReady = () => Promise<boolean>;

async function makeKeys(keyring: string): Promise<void> {
  const key = (name: string, caps: readonly string[]): Promise<unknown> =>
    run("ceph-authtool", [keyring, "--gen-key", "-n", name, ...caps]);
  await run("ceph-authtool", [
    "--create-keyring",
    keyring,
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
  ]);
  await key(
    "client.admin",
    ["mon", "osd", "mgr"].flatMap((daemon) => ["--cap", daemon, "allow *"]),
  );
  const profile = ["--cap", "mon", "allow profile osd", "--cap", "mgr", "allow profile osd"];
  await key("osd.0", [...profile, "--cap", "osd", "allow *"]);
}

function configOf(folder: string, cluster: string, monitor: string): string {
  return `[global]
fsid = ${cluster}
mon host = ${monitor}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
auth allow insecure global id reclaim = false
keyring = ${folder}/keyring
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
mon data = ${folder}/mon
osd data = ${folder}/osd
osd objectstore = bluestore
bluestore block size = ${8 * 2 ** 30}
rgw data = ${folder}/rgw
`;
}
