import { Server, ServerCredentials, type sendUnaryData, type ServiceDefinition } from '@grpc/grpc-js';

const bytes = (value: Buffer): Buffer => value;
const health: ServiceDefinition = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};

/** A server of grpc.health.v1.Health that says what a test wants. */
export class HealthServer {
  serving = true;
  /** Names of the services that were asked about. */
  readonly asked: string[] = [];
  port = 0;
  readonly #server = new Server();

  async start(address: string): Promise<void> {
    this.#server.addService(health, {
      check: ({ request }: { request: Buffer }, answer: sendUnaryData<Buffer>) => {
        this.asked.push(request.subarray(2).toString());
        answer(null, Buffer.from([0x08, this.serving ? 1 : 2]));
      },
    });
    this.port = await new Promise((resolve, reject) => this.#server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))));
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}
