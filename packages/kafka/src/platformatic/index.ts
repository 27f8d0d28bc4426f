export { type ClientOptions, PlatformaticGroup, type PlatformaticGroupOptions } from "./group.ts";
export { PlatformaticProducer, type PlatformaticProducerOptions } from "./producer.ts";
