import { azure } from "./azure.ts";
import { gcs } from "./gcs.ts";
import { s3 } from "./s3.ts";
import type { Service } from "./service.ts";

export const services: readonly Service[] = [azure, gcs, s3];
