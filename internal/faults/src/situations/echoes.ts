import type { IncomingHttpHeaders } from "node:http";
import { inspect } from "node:util";
import { operationNames, operations, rejectionOf, respondWith } from "@state/servers/testing";
import { startScriptedServer } from "@state/servers/testing";
import type { Kind, Situation } from "./situation.ts";

/** What a request was signed by, or carried. */
export function sentIn(headers: IncomingHttpHeaders): readonly string[] {
  const { authorization = "", "x-amz-security-token": token } = headers;
  const [, signature = ""] = /(?:Signature=|SharedKey [^:]+:|Bearer )(\S+)$/.exec(authorization) ?? [];
  return [signature, ...[token ?? []].flat()].filter((each) => each !== "");
}

const formats: readonly (readonly [title: string, type: string, wrap: (text: string) => string])[] = [
  ["in a page", "text/html", (text) => `<html><body><pre>${text}</pre></body></html>`],
  ["in plain text", "text/plain", (text) => text],
  [
    "in JSON, as Cloud Storage writes it",
    "application/json",
    (text) => {
      const errors = [{ reason: "invalid", message: text }];
      return JSON.stringify({ error: { code: 400, message: text, errors } });
    },
  ],
  [
    "in XML, as S3 and Azure write it",
    "application/xml",
    (text) => {
      const escaped = text.replaceAll("&", "&amp;");
      return `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>${escaped}</Message><CanonicalRequest>${escaped}</CanonicalRequest></Error>`;
    },
  ],
];

const echoed: readonly Situation[] = formats.flatMap(([where, type, wrap]) =>
  [400, 401, 403, 500].map((status) => ({
    title: `a gateway sends back what it was sent: ${status}, ${where}`,
    outcome: "no error has a secret",
    meet: async (rig) => {
      const secrets = new Set<string>();
      await using gateway = await startScriptedServer((request, response, number) => {
        for (const secret of sentIn(request.headers)) secrets.add(secret);
        const text = `${request.url}\n${JSON.stringify(request.headers)}\n${request.rawHeaders.join(": ")}`;
        const headers = { "content-type": type, "x-echo": encodeURIComponent(text).slice(0, 4_000) };
        respondWith(status, wrap(text), headers)(request, response, number);
      });
      const store = rig.open(gateway.endpoint);
      const found: string[] = [];
      for (const name of operationNames) {
        const error = await rejectionOf(operations[name](store));
        if (secrets.size === 0) return "no request has a secret";
        const printed = [
          inspect(error, { depth: 20, showHidden: true }),
          JSON.stringify(error),
          String(Reflect.get(Object(error), "stack")),
        ].join("\n");
        for (const secret of secrets)
          if ([secret, encodeURIComponent(secret)].some((each) => printed.includes(each))) found.push(name);
      }
      await store.close?.();
      return found.length === 0 ? "no error has a secret" : `a secret is in the error of ${found.join(", ")}`;
    },
  })),
);

export const echoes: Kind = { title: "Secrets", situations: echoed };
