export type { ClientOptions, Credential, SaslOptions } from "./client-options.ts";
export { PlatformaticGroup, type PlatformaticGroupOptions } from "./group.ts";
export { PlatformaticProducer, type PlatformaticProducerOptions } from "./producer.ts";
export { readPartition, type ReadOptions } from "./reader.ts";
