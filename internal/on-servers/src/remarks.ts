import type { Remarks } from "./certified-page.ts";

/** What was found when somebody looked into it. */
export const remarks: Remarks = {
  Azurite: `It was too slow: a batch of 256 deletes sent no byte for 30 s, the store's idle time-out, and came back as
\`Unavailable\`. Azurite sorts the list of all blobs anew for each one that it deletes, and the command keeps some ten
thousand until it ends. The other cases and every race passed; in \`pnpm test:servers\`, where each case removes its
blobs, all of them pass. It is a double for tests.`,
  moto: `It looks whether the key is there, and then puts the object, in a server of several threads and without a
lock (\`put_object\` in moto/s3/responses.py). So two callers at once may both be told that they created the key. It
is a double for tests: keep nothing in it. The run of the table did not meet it; one before did, where two of
50 callers had created one key.`,
  SeaweedFS: `It is the server's doing. Its filer keeps keys as files in folders:

- A listing is in the order of that tree and not of the keys' bytes: \`a/b/c\` comes before \`a/b-\`. The
  adapter refuses such a page, so that nobody takes an old seal for the newest.
- A folder whose objects were all deleted is still listed.
- If \`d/e/f\` is there, then a create of \`d/e\` is refused as if it were there too.

The races found nothing: creates with \`If-None-Match\` were atomic. Do not use it.`,
  Garage: `Whoever has a Garage that runs can try it: \`state certify s3://BUCKET/PREFIX?endpoint=…\`.`,
};
