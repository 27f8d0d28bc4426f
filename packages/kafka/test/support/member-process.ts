/** A member of a group in a process of its own, which the test kills when it has let out two records. */
import { FsStore } from "@state/fs";
import { type Client, groupOf, hasReleased, startMember } from "./real-members.ts";
import { RealTopics } from "./real-topics.ts";

const { client, broker, run, root } = JSON.parse(process.argv[2] ?? "") as {
  readonly client: Client;
  readonly broker: string;
  readonly run: string;
  readonly root: string;
};
const topics = new RealTopics(broker, run);
const store = (): FsStore => new FsStore({ root });
const member = await startMember(groupOf(client, topics, "killed"), topics, store, { name: "killed" });
process.on("disconnect", () => process.exit());
await member.until(() => hasReleased(member, 0, 2n));
process.send?.("released");
