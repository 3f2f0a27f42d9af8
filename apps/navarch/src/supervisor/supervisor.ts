import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '@navarch/clock';
import type { Layout } from '../cluster/layout';
import type { ProcessSpec } from '../processes/process-spec';
import { SupervisedProcess, type ProcessState } from './supervised-process';

/** What `status` reads. */
export interface SupervisorState {
  readonly pid: number;
  readonly processes: readonly (ProcessState & { readonly spec: ProcessSpec })[];
}

/**
 * Runs all processes of a local cluster, restarts those that end, and answers on a unix socket: GET /state,
 * POST /stop. It is what stays behind when `up` has returned.
 */
export class Supervisor {
  readonly #processes: SupervisedProcess[];
  #server: Server | undefined;

  constructor(private readonly layout: Layout, specs: readonly ProcessSpec[], clock: Clock = systemClock) {
    this.#processes = specs.map((spec) => new SupervisedProcess(spec, layout.log(spec.name), clock, () => this.#save()));
  }

  async start(): Promise<void> {
    mkdirSync(this.layout.logs, { recursive: true });
    mkdirSync(dirname(this.layout.controlSocket), { recursive: true, mode: 0o700 });
    rmSync(this.layout.controlSocket, { force: true });
    const server = createServer((request, response) => {
      if (request.method === 'GET' && request.url === '/state') reply(response, 200, this.state);
      else if (request.method === 'POST' && request.url === '/stop') void this.stop().then(() => {
        reply(response, 200, this.state);
        server.close();
      });
      else reply(response, 404, { error: 'GET /state or POST /stop' });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.layout.controlSocket, resolve);
    });
    for (const supervised of this.#processes) supervised.start();
  }

  /** Stops all, those started last first; nodes stop before the control plane they talk to. */
  async stop(): Promise<void> {
    const nodes = this.#processes.filter((supervised) => supervised.spec.node !== undefined && !isRuntime(supervised));
    const runtimes = this.#processes.filter(isRuntime);
    const control = this.#processes.filter((supervised) => supervised.spec.node === undefined);
    await Promise.all(nodes.map((supervised) => supervised.stop()));
    await Promise.all(runtimes.map((supervised) => supervised.stop()));
    for (const supervised of [...control].reverse()) await supervised.stop();
    rmSync(this.layout.processes, { force: true });
    this.#server?.unref();
  }

  get state(): SupervisorState {
    return { pid: process.pid, processes: this.#processes.map((supervised) => ({ ...supervised.state, spec: supervised.spec })) };
  }

  #save(): void {
    writeFileSync(`${this.layout.processes}.new`, JSON.stringify(this.state));
    renameSync(`${this.layout.processes}.new`, this.layout.processes);
  }
}

/** containerd or its simulation: stops after the kubelet that uses it. */
function isRuntime(supervised: SupervisedProcess): boolean {
  return supervised.spec.name.startsWith('containerd@') || supervised.spec.name.startsWith('fake-runtime@');
}

function reply(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
