import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { binaryOf, opentelemetryProto } from "@state/servers";

/** What arrived, as OpenTelemetry's own Python package decodes it. Ids are base64. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit?: string;
}

/** Accepts OTLP over HTTP, in protobuf. */
export class OtlpReceiver {
  readonly url: string;
  readonly #bodies: Map<string, Buffer[]> = new Map();
  readonly #close: () => Promise<void>;

  private constructor(url: string, bodies: Map<string, Buffer[]>, close: () => Promise<void>) {
    this.url = url;
    this.#bodies = bodies;
    this.#close = close;
  }

  static async start(): Promise<OtlpReceiver> {
    const bodies = new Map<string, Buffer[]>();
    const server = createServer((request, response) => {
      const accept = async (): Promise<void> => {
        const body = await buffer(request);
        const path = request.url ?? "";
        bodies.set(path, [...(bodies.get(path) ?? []), body]);
        response.setHeader("content-type", "application/x-protobuf").end();
      };
      accept().catch((error: unknown) => request.destroy(error as Error));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new OtlpReceiver(`http://127.0.0.1:${port}`, bodies, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });
  }

  async spans(): Promise<readonly OtlpSpan[]> {
    const requests = await this.#decoded("/v1/traces", "trace");
    return requests.flatMap(({ resourceSpans = [] }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  async metrics(): Promise<readonly OtlpMetric[]> {
    const requests = await this.#decoded("/v1/metrics", "metrics");
    return requests.flatMap(({ resourceMetrics = [] }) =>
      resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
    );
  }

  close(): Promise<void> {
    return this.#close();
  }

  #decoded(path: string, signal: "trace" | "metrics"): Promise<readonly Decoded[]> {
    return Promise.all((this.#bodies.get(path) ?? []).map((body) => decoded(body, signal)));
  }
}

interface Decoded {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly OtlpMetric[] }[];
  }[];
}

async function decoded(body: Buffer, signal: "trace" | "metrics"): Promise<Decoded> {
  const service = `${signal}_service_pb2`;
  const message = `Export${signal === "trace" ? "Trace" : "Metrics"}ServiceRequest`;
  const script = `
import sys
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.${signal}.v1.${service} import ${message}
print(MessageToJson(${message}.FromString(sys.stdin.buffer.read())))`;
  return new Promise((resolve, reject) => {
    const python = execFile(
      binaryOf(opentelemetryProto),
      ["-c", script],
      { maxBuffer: 2 ** 28 },
      (error, output) => {
        if (error === null) resolve(JSON.parse(output) as Decoded);
        else reject(error);
      },
    );
    python.stdin?.end(body);
  });
}
