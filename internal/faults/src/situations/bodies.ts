import { key, type Script, startScriptedServer, storeErrorOf } from "@state/servers/testing";
import type { Kind } from "./situation.ts";

const gibibyte = 2 ** 30;

/** Sends the head, and bytes for as long as somebody reads them. */
function endless(headers: Readonly<Record<string, string>>, sent: (bytes: number) => void): Script {
  const part = Buffer.alloc(65_536);
  return (_, response) => {
    response.writeHead(200, headers);
    const write = (): void => {
      for (let isFull = false; !isFull && !response.destroyed;) {
        isFull = !response.write(part);
        sent(part.byteLength);
      }
      response.once("drain", write);
    };
    write();
  };
}

export const bodies: Kind = {
  title: "Bodies",
  situations: [
    {
      title: "an object that is announced as 20 GiB long",
      outcome: "Failed, less than 16 MiB read",
      meet: async (rig) => {
        let bytes = 0;
        const headers = { ...rig.objectHeaders, "content-length": String(20 * gibibyte) };
        await using service = await startScriptedServer(endless(headers, (sent) => (bytes += sent)));
        const { code } = await storeErrorOf(rig.open(service.endpoint).get(key));
        return `${code}, ${bytes < 2 ** 24 ? "less" : "more"} than 16 MiB read`;
      },
    },
    {
      title: "a listing without an end",
      outcome: "Unavailable, less than 128 MiB read",
      meet: async (rig) => {
        let bytes = 0;
        await using service = await startScriptedServer(
          endless({ "content-type": "application/xml" }, (sent) => (bytes += sent)),
        );
        const pages = rig.open(service.endpoint).list("epoch=1/")[Symbol.asyncIterator]();
        const { code } = await storeErrorOf(pages.next());
        return `${code}, ${bytes < 2 ** 27 ? "less" : "more"} than 128 MiB read`;
      },
    },
  ],
};
