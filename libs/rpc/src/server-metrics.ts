import { status } from '@grpc/grpc-js';
import { Counter, Histogram, Registry } from 'prom-client';

/** What one method reports. */
export interface MethodMetrics {
  started(): void;
  received(): void;
  sent(): void;
  handled(code: status, seconds: number): void;
}

export type MethodKind = 'unary' | 'client_stream' | 'server_stream' | 'bidi_stream';

const METHOD_LABELS = ['grpc_type', 'grpc_service', 'grpc_method'] as const;

/** The gRPC server metrics under the names that existing dashboards know. */
export class ServerMetrics {
  readonly #started: Counter<(typeof METHOD_LABELS)[number]>;
  readonly #received: Counter<(typeof METHOD_LABELS)[number]>;
  readonly #sent: Counter<(typeof METHOD_LABELS)[number]>;
  readonly #handled: Counter;
  readonly #seconds: Histogram<(typeof METHOD_LABELS)[number]>;

  constructor(registry: Registry = new Registry()) {
    const registers = [registry];
    this.#started = new Counter({ name: 'grpc_server_started_total', help: 'RPCs started on the server.', labelNames: METHOD_LABELS, registers });
    this.#received = new Counter({ name: 'grpc_server_msg_received_total', help: 'Messages received by the server.', labelNames: METHOD_LABELS, registers });
    this.#sent = new Counter({ name: 'grpc_server_msg_sent_total', help: 'Messages sent by the server.', labelNames: METHOD_LABELS, registers });
    this.#handled = new Counter({ name: 'grpc_server_handled_total', help: 'RPCs completed on the server, by code.', labelNames: [...METHOD_LABELS, 'grpc_code'], registers });
    this.#seconds = new Histogram({ name: 'grpc_server_handling_seconds', help: 'How long RPCs took on the server.', labelNames: METHOD_LABELS, registers });
  }

  /** The metrics of a method by its path, bound once, because looking labels up costs more than counting. */
  method(path: string, kind: MethodKind): MethodMetrics {
    const [, service = '', method = ''] = path.split('/');
    const labels = { grpc_type: kind, grpc_service: service, grpc_method: method };
    const [started, received, sent, seconds] = [this.#started.labels(labels), this.#received.labels(labels), this.#sent.labels(labels), this.#seconds.labels(labels)];
    const handled = new Map<status, Counter.Internal>();
    const handledBy = (code: status): Counter.Internal => {
      let counter = handled.get(code);
      if (!counter) {
        counter = this.#handled.labels({ ...labels, grpc_code: codeName(code) });
        handled.set(code, counter);
      }
      return counter;
    };
    for (const counter of [started, received, sent, handledBy(status.OK)]) counter.inc(0);
    return {
      started: () => started.inc(),
      received: () => received.inc(),
      sent: () => sent.inc(),
      handled: (code, elapsed) => {
        handledBy(code).inc();
        // A stream's life says nothing of its speed.
        if (kind === 'unary') seconds.observe(elapsed);
      },
    };
  }
}

/** `NotFound` for NOT_FOUND, as Go spells codes. */
export function codeName(code: status): string {
  if (code === status.OK) return 'OK';
  const name = status[code] as string | undefined;
  return (name ?? 'UNKNOWN').toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
}
