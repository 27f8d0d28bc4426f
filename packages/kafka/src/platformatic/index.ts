export { type ClientOptions, PlatformaticGroup, type PlatformaticGroupOptions } from "./group.ts";
export { PlatformaticProducer, type PlatformaticProducerOptions } from "./producer.ts";
export { readPartition, type ReadOptions } from "./reader.ts";
