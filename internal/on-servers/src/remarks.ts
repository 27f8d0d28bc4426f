import type { Remarks } from "./certified-page.ts";

/** What was found when somebody looked into it. */
export const remarks: Remarks = {
  moto: `By what was seen it is the server's doing, a double for tests: two callers at once are both told that they created the
key. It takes load to see it: on an idle machine the suite passes. It is for tests alone.`,
  SeaweedFS: `It is the server's doing. Its filer keeps keys as files in folders:

- A listing is in the order of that tree and not of the keys' bytes: \`a/b/c\` comes before \`a/b-\`. The
  adapter refuses such a page, so that nobody takes an old seal for the newest.
- A folder whose objects were all deleted is still listed.
- If \`d/e/f\` is there, then a create of \`d/e\` is refused as if it were there too.

The races found nothing: creates with \`If-None-Match\` were atomic. Do not use it.`,
  Garage: `Whoever has a Garage that runs can try it: \`state certify s3://BUCKET/PREFIX?endpoint=…\`.`,
};
