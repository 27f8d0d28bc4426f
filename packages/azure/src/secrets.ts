/** The secrets of a client: the signature of a SAS in its address, and an account key. */
export function secretsOf(url: string, accountKey: string | undefined): readonly string[] {
  const [, signature] = /[?&]sig=([^&#]+)/i.exec(url) ?? [];
  return [signature, accountKey].filter((secret) => secret !== undefined);
}

/**
 * The secrets of one request: its token or signature, and those of the parts of a batch, which are in its body.
 *
 * @param authorization the header's value
 */
export function signaturesOf(authorization: string | undefined, body: unknown): readonly string[] {
  const texts = [authorization, body].filter((text) => typeof text === "string");
  return texts.flatMap((text) =>
    [...text.matchAll(/\b(?:Bearer|SharedKey(?:Lite)?)\s+(?:[^\s:]+:)?(\S+)/g)].map(
      ([, signature = ""]) => signature,
    ),
  );
}
