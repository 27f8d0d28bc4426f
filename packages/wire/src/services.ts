import { s3 } from "./s3.ts";
import type { Service } from "./service.ts";

export const services: readonly Service[] = [s3];
