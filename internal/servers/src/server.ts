/** A server on a free port of 127.0.0.1. Whoever started it stops it. */
export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}
