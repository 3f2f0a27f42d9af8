import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { status } from '@grpc/grpc-js';
import { type Clock, type Timer } from '@navarch/clock';
import { type Component } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { forwardPorts, negotiatePortForward, negotiateRemoteCommand, refuseUpgrade, UpgradeRefused, type RemoteCommandStreams } from '@navarch/streaming';

import { CriError } from '../cri-error';
import type { StreamingUrls } from '../cri/runtime-service';
import type { SimulatedRuntime } from '../runtime/simulated-runtime';
import { runAttach } from './run-attach';
import { runExec } from './run-exec';
import { answerHttp } from './simulated-port';

/** How long an address may be used, and how many may wait: upstream's values. */
const TOKEN_LIFETIME_MS = 60_000;
const MAX_TOKENS = 1000;

interface Ticket {
  readonly runtime: SimulatedRuntime;
  readonly ask:
    | { readonly kind: 'exec'; readonly request: runtimev1.ExecRequest }
    | { readonly kind: 'attach'; readonly request: runtimev1.AttachRequest }
    | { readonly kind: 'portforward'; readonly request: runtimev1.PortForwardRequest };
  readonly expiry: Timer;
}

/** Where clients of CRI's Exec, Attach and PortForward are sent: SPDY and WebSocket, for all nodes of the process. */
export class StreamingServer implements Component {
  readonly name = 'streaming-server';
  readonly #server: Server = createServer((_request, response) => {
    response.writeHead(400).end('Upgrade request required');
  });
  readonly #tickets = new Map<string, Ticket>();
  readonly #sockets = new Set<Duplex>();

  constructor(private readonly deps: { readonly clock: Clock; readonly onError: (error: unknown) => void }) {}

  async start(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      this.#serve(request, socket, head).catch((error: unknown) => {
        if (error instanceof UpgradeRefused) refuseUpgrade(socket, error.code, error.message, error.headers);
        else {
          this.deps.onError(error);
          socket.destroy();
        }
      });
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    for (const { expiry } of this.#tickets.values()) expiry.cancel();
    this.#tickets.clear();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The addresses of one node's runtime. */
  urlsFor(runtime: SimulatedRuntime): StreamingUrls {
    return {
      exec: (request) => this.#issue(runtime, { kind: 'exec', request }),
      attach: (request) => this.#issue(runtime, { kind: 'attach', request }),
      portForward: (request) => this.#issue(runtime, { kind: 'portforward', request }),
    };
  }

  #issue(runtime: SimulatedRuntime, ask: Ticket['ask']): string {
    if (this.#tickets.size >= MAX_TOKENS) throw new CriError(status.RESOURCE_EXHAUSTED, 'maximum number of in-flight requests exceeded');
    const token = randomBytes(12).toString('base64url');
    const expiry = this.deps.clock.setTimeout(() => this.#tickets.delete(token), TOKEN_LIFETIME_MS);
    this.#tickets.set(token, { runtime, ask, expiry });
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${ask.kind}/${token}`;
  }

  async #serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [, kind, token = ''] = new URL(request.url ?? '/', 'http://localhost').pathname.split('/');
    const ticket = this.#tickets.get(token);
    if (!ticket || ticket.ask.kind !== kind) throw new UpgradeRefused(404, 'rejected request: token not found');
    // An address is good for one use.
    this.#tickets.delete(token);
    ticket.expiry.cancel();
    const { runtime, ask } = ticket;
    switch (ask.kind) {
      case 'exec':
        await runExec(runtime, ask.request, await negotiateRemoteCommand(request, socket, head, streamsOf(ask.request)).accept(), this.deps.clock);
        return;
      case 'attach':
        await runAttach(runtime, ask.request, await negotiateRemoteCommand(request, socket, head, streamsOf(ask.request)).accept());
        return;
      case 'portforward': {
        const ports = new URLSearchParams(ask.request.port.map((port): [string, string] => ['port', String(port)]));
        const session = await negotiatePortForward(request, socket, head, ports, 'port').accept();
        const { podSandboxId } = ask.request;
        await forwardPorts(
          session,
          () => Promise.resolve(answerHttp(runtime, podSandboxId)),
          (port, error) => `error forwarding port ${port} to pod ${podSandboxId}, uid : ${error.message}`,
        );
      }
    }
  }
}

function streamsOf({ stdin, stdout, stderr, tty }: RemoteCommandStreams): RemoteCommandStreams {
  return { stdin, stdout, stderr: stderr && !tty, tty };
}
