import { type ServiceDefinition } from '@grpc/grpc-js';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { notFound } from '@navarch/apimachinery';
import { type CallContext } from './call-context';

/** As grpc.health.v1 numbers them. */
export const ServingStatus = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

/** One of `ServingStatus`, or what a newer peer sends. */
export type ServingStatus = number;

interface HealthRequest {
  service: string;
}
interface HealthResponse {
  status: ServingStatus;
}

const codec = {
  requestSerialize: ({ service }: HealthRequest): Buffer => Buffer.from(new BinaryWriter().uint32(10).string(service).finish()),
  requestDeserialize: (bytes: Buffer): HealthRequest => {
    const reader = new BinaryReader(bytes);
    let service = '';
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.LengthDelimited) service = reader.string();
      else reader.skip(type, field);
    }
    return { service };
  },
  responseSerialize: ({ status }: HealthResponse): Buffer => Buffer.from(new BinaryWriter().uint32(8).int32(status).finish()),
  responseDeserialize: (bytes: Buffer): HealthResponse => {
    const reader = new BinaryReader(bytes);
    let status: ServingStatus = ServingStatus.UNKNOWN;
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.Varint) status = reader.int32();
      else reader.skip(type, field);
    }
    return { status };
  },
};

/** grpc.health.v1.Health. Written out because loading it from its .proto costs 80 ms and 7 MB per process. */
export const healthDefinition = {
  check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, ...codec },
  watch: { path: '/grpc.health.v1.Health/Watch', requestStream: false, responseStream: true, ...codec },
} as const satisfies ServiceDefinition;

/** Answers load balancers and probes; the empty service name is the server as a whole. */
export class HealthService {
  readonly #statuses = new Map<string, ServingStatus>([['', ServingStatus.SERVING]]);
  readonly #watchers = new Set<() => void>();

  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, status);
    for (const wake of [...this.#watchers]) wake();
  }

  setAll(status: ServingStatus): void {
    for (const service of [...this.#statuses.keys()]) this.set(service, status);
  }

  check({ service }: HealthRequest): Promise<HealthResponse> {
    const status = this.#statuses.get(service);
    return status === undefined ? Promise.reject(notFound({ group: 'grpc.health.v1', resource: 'services' }, service)) : Promise.resolve({ status });
  }

  async *watch({ service }: HealthRequest, { signal }: CallContext): AsyncGenerator<HealthResponse, void, undefined> {
    let sent: ServingStatus | undefined;
    while (!signal.aborted) {
      const status = this.#statuses.get(service) ?? ServingStatus.SERVICE_UNKNOWN;
      if (status !== sent) yield { status: (sent = status) };
      else await this.#change(signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#watchers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#watchers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
