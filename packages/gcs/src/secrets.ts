import { fieldOf, redactorOf, type Redactor } from "@state/core/adapter";

/** Where clients of google-auth-library hold secrets. */
const fieldsOfClients = ["apiKey", "key", "clientSecret", "_clientSecret"];
const fieldsOfCredentials = ["access_token", "refresh_token", "id_token"];
const proxies = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/**
 * Replaces what a client and its requests have sent, or may have: services and proxies send it back. Other secrets, such as
 * a signed assertion, are recognised by their form.
 *
 * @param sent the `Authorization` that requests had
 */
export function redactorFor(client: unknown, sent: Iterable<string>): Redactor {
  const credentials = fieldOf(client, "credentials");
  const secrets = [
    ...fieldsOfClients.map((name) => fieldOf(client, name)),
    ...fieldsOfCredentials.map((name) => fieldOf(credentials, name)),
    ...[...sent].map((header) => header.replace(/^\S+\s+/, "")),
    ...proxies.flatMap((name) => secretsOfProxy(process.env[name])),
  ];
  return redactorOf(secrets.filter((secret) => typeof secret === "string"));
}

function secretsOfProxy(url: string | undefined): readonly string[] {
  const { username = "", password = "" } = URL.parse(url ?? "") ?? {};
  if (password === "") return [];
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return [password, Buffer.from(plain).toString("base64")];
}
