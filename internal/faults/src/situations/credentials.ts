import { key, respondWith, type Script, startScriptedServer, storeErrorOf } from "@state/servers/testing";
import { sentIn } from "./echoes.ts";
import type { Kind, Situation } from "./situation.ts";

/** The issuer gives no credentials, then does. */
function later(title: string, ill: Script): Situation {
  return {
    title,
    outcome: "may pass, nothing sent; then absent",
    meet: async (rig) => {
      // A provider of the SDK may itself ask again, within the attempt.
      let isWell = false;
      await using issuer = await startScriptedServer((...exchange) =>
        (isWell ? rig.token("a-token-of-the-issuer") : ill)(...exchange),
      );
      await using service = await startScriptedServer(rig.absent);
      const store = rig.openWithIssuer(service.endpoint, issuer.endpoint);
      const { retryable, code } = await storeErrorOf(store.get(key));
      const sent = service.requests.length === 0 ? "nothing sent" : "sent";
      isWell = true;
      const found = (await store.get(key)) === undefined ? "absent" : "there";
      return `${retryable ? "may pass" : code}, ${sent}; then ${found}`;
    },
  };
}

export const credentials: Kind = {
  title: "Credentials",
  situations: [
    later("their issuer is ill: 503", respondWith(503, "try later")),
    later("a gateway before their issuer is ill: 502", respondWith(502, "<html></html>")),
    later("their issuer asks for patience: 429", respondWith(429, "", { "retry-after": "1" })),
    later("their issuer closes the connection", (request) => request.socket.destroy()),
    {
      title: "nobody listens where their issuer should be",
      outcome: "Unavailable",
      meet: async (rig) => {
        const issuer = await startScriptedServer(rig.refusal);
        await issuer[Symbol.asyncDispose]();
        await using service = await startScriptedServer(rig.absent);
        return (await storeErrorOf(rig.openWithIssuer(service.endpoint, issuer.endpoint).get(key))).code;
      },
    },
    {
      title: "their issuer refuses",
      outcome: "Denied, nothing sent",
      meet: async (rig) => {
        await using issuer = await startScriptedServer(rig.refusal);
        await using service = await startScriptedServer(rig.absent);
        const { code } = await storeErrorOf(rig.openRefused(service.endpoint, issuer.endpoint).get(key));
        return `${code}, ${service.requests.length === 0 ? "nothing sent" : "sent"}`;
      },
    },
    {
      title: "the service refuses them, and their issuer has others: three gets at once, then one",
      outcome: "Unavailable, Unavailable, Unavailable; then absent; issued 2 times",
      meet: async (rig) => {
        let issued = 0;
        await using issuer = await startScriptedServer((...exchange) => {
          issued += 1;
          rig.token(`a-token-of-the-issuer-${issued}`)(...exchange);
        });
        await using service = await startScriptedServer((request, ...rest) => {
          const isFirst = sentIn(request.headers).includes("a-token-of-the-issuer-1");
          (isFirst ? rig.tokenRefused : rig.absent)(request, ...rest);
        });
        const store = rig.openWithIssuer(service.endpoint, issuer.endpoint);
        const errors = await Promise.all([1, 2, 3].map(() => storeErrorOf(store.get(key))));
        const found = (await store.get(key)) === undefined ? "absent" : "there";
        return `${errors.map(({ code }) => code).join(", ")}; then ${found}; issued ${issued} times`;
      },
    },
    {
      title: "the service refuses them, and their issuer has no others",
      outcome: "Denied",
      meet: async (rig) => {
        await using issuer = await startScriptedServer(rig.token("a-token-of-the-issuer"));
        await using service = await startScriptedServer(rig.tokenRefused);
        return (await storeErrorOf(rig.openWithIssuer(service.endpoint, issuer.endpoint).get(key))).code;
      },
    },
  ],
};
