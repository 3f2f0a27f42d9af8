import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { objectv1 } from '@navarch/proto';
import { RpcServer, type ServiceHandlers } from '@navarch/rpc';
import { SimulatedApi } from './simulated-api';
import { SimulatedTransport } from './simulated-transport';

/** The simulated service as a gRPC server serves it: what the client uses of it. */
export function simulatedHandlers(transport: SimulatedTransport): ServiceHandlers<typeof objectv1.ObjectServiceService> {
  const unused = (): Promise<never> => Promise.reject(new Error('unused'));
  return {
    get: (request) => transport.get(request),
    snapshot: (request) => transport.snapshot(request),
    watch: (request, { signal }) => transport.watch(request, signal),
    create: unused,
    update: unused,
    patch: unused,
    delete: unused,
    write: async function* (requests) {
      const stream = await transport.openWrites();
      const sending = (async () => {
        for await (const frame of requests) await stream.send(frame);
      })().finally(() => stream.close());
      // Ends with an error when the server stops.
      sending.catch(() => undefined);
      yield* stream.responses;
    },
  };
}

/** An API in memory on a Unix socket, with the cluster's TLS: for tests that start whole processes, which find it by whatever leads to the socket. */
export class SimulatedServer {
  readonly api = new SimulatedApi(systemClock);
  readonly #transport = new SimulatedTransport(this.api);
  #server: RpcServer | undefined;

  /** The socket and certificates are kept in the folder. */
  constructor(private readonly folder: string) {}

  get socket(): string {
    return join(this.folder, 'apiserver.sock');
  }

  async start(): Promise<void> {
    const ca = await CertificateAuthority.create('simulated', systemClock);
    const [server, client] = await Promise.all([
      ca.issue({ commonName: 'kube-apiserver', usages: ['server auth'], hosts: ['127.0.0.1'] }),
      ca.issue({ commonName: 'client', usages: ['client auth'] }),
    ]);
    await mkdir(this.folder, { recursive: true });
    await Promise.all([['ca.crt', ca.cert], ['client.crt', client.cert], ['client.key', client.key]].map(([name = '', text = '']) => writeFile(join(this.folder, name), text)));
    this.#server = new RpcServer({ address: `unix://${this.socket}`, tls: { ...server, ca: ca.cert }, drainMs: 100 }, { log: silentLogger }).add(
      objectv1.ObjectServiceService,
      simulatedHandlers(this.#transport),
    );
    await this.#server.start();
  }

  /** Flags of a process that reaches the socket by a port of its own 127.0.0.1. */
  flags(port: number): string[] {
    const file = (name: string): string => join(this.folder, name);
    return [`--apiserver=127.0.0.1:${port}`, `--certificate-authority=${file('ca.crt')}`, `--client-certificate=${file('client.crt')}`, `--client-key=${file('client.key')}`, '--follow-by-watch=true'];
  }

  async stop(): Promise<void> {
    this.#transport.cut();
    await this.#server?.stop();
  }
}
