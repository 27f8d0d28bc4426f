import { startGcsDouble } from "servers";
import type { Reading } from "./comparison.ts";
import type { Deviation, Drift } from "./drift.ts";
import { gcsSayings, gcsSpeaker } from "./gcs-sayings.ts";
import { record } from "./recording.ts";

const reading: Reading = {
  ignoredHeaders: ["connection", "date", "keep-alive"],
  passing: /(date|Created|updated|etag|generation|nextPageToken)$/i,
  parse({ body, headers }) {
    const isJson = headers.some(
      ([name, value]) => name.toLowerCase() === "content-type" && value.startsWith("application/json"),
    );
    return isJson && body.length > 0 ? (JSON.parse(body.toString()) as unknown) : body.toString();
  },
};

const deviations: Readonly<Record<string, Deviation>> = {};

function named(): URL | undefined {
  const text = process.env["STATE_TEST_GCS"];
  return text === undefined ? undefined : new URL(text);
}

export const gcsDrift: Drift = {
  name: "the double of Cloud Storage and fake-gcs-server",
  sayings: gcsSayings,
  reading,
  deviations,
  isNamed: () => named() !== undefined,
  async record() {
    const url = named();
    const endpoint = url?.searchParams.get("endpoint") ?? undefined;
    if (url === undefined || endpoint === undefined) throw new Error("STATE_TEST_GCS names no endpoint");
    const bucket = url.hostname;
    const root = `${url.pathname.slice(1)}/drift-${crypto.randomUUID()}/`;
    const double = await startGcsDouble({ bucket, anonymous: true });
    try {
      const speak = (to: string) => gcsSpeaker(bucket, root, to);
      return {
        root,
        double: await record(double.endpoint, gcsSayings, speak),
        server: await record(endpoint, gcsSayings, speak),
      };
    } finally {
      await double.stop();
    }
  },
};
