/** How the brokers are reached. Each is what `@platformatic/kafka` calls so. */
export interface ClientOptions {
  /** Names this process in the brokers' logs. */
  readonly clientId: string;
  /** `host:port`, of one broker or more. */
  readonly bootstrapBrokers: readonly string[];
  /** As `connect` of `node:tls` takes it. */
  readonly tls?: object | undefined;
  readonly sasl?: SaslOptions | undefined;
  /** Default 5,000 ms. */
  readonly connectTimeout?: number | undefined;
  /** Default 30,000 ms. */
  readonly requestTimeout?: number | undefined;
  /** How long what is known of topics and their leaders is believed. Default 5,000 ms. */
  readonly metadataMaxAge?: number | undefined;
}

export interface SaslOptions {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";
  readonly username?: Credential | undefined;
  readonly password?: Credential | undefined;
  readonly token?: Credential | undefined;
}

/** Text, or what returns it whenever a connection is made. */
export type Credential = string | (() => string | Promise<string>);
