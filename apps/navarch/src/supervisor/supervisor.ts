import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '@navarch/clock';
import type { Layout } from '../cluster/layout';
import type { ProcessSpec } from '../processes/process-spec';
import { probe } from './probe';
import { SupervisedProcess, type ProcessState } from './supervised-process';

/** How often a process that others wait for is asked whether it is well. */
const askMs = 20;

/** What `status` reads. */
export interface SupervisorState {
  readonly pid: number;
  /** Where the cluster's state is: clusters of two clones may have one name. */
  readonly dir: string;
  readonly processes: readonly (ProcessState & { readonly spec: ProcessSpec })[];
}

/**
 * Runs all processes of a local cluster, restarts those that end, and answers on a unix socket: GET /state,
 * POST /stop. It is what stays behind when `up` has returned.
 */
export class Supervisor {
  readonly #processes: SupervisedProcess[];
  #server: Server | undefined;
  #stopping = false;

  constructor(private readonly layout: Layout, specs: readonly ProcessSpec[], private readonly clock: Clock = systemClock, logOf = (spec: ProcessSpec): string => layout.log(spec.name)) {
    this.#processes = specs.map((spec) => new SupervisedProcess(spec, logOf(spec), clock, () => this.#save()));
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
    for (const supervised of this.#processes) if (supervised.spec.after === undefined) supervised.start();
    for (const first of this.#processes) {
      const later = this.#processes.filter(({ spec }) => spec.after === first.spec.name);
      if (later.length > 0) await this.#startAfter(first, later);
    }
    this.#save();
  }

  /** Starting all at once would only slow down what the rest waits for. */
  async #startAfter(first: SupervisedProcess, later: readonly SupervisedProcess[]): Promise<void> {
    while (!this.#stopping && !(await probe(first.spec.health)).ok) await this.clock.sleep(askMs);
    for (const supervised of later) supervised.start();
  }

  /** Stops all, those that others need last: what runs on nodes, runtimes, what talks to the apiserver, the rest. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const wave of [0, 1, 2, 3, 4]) await Promise.all(this.#processes.filter(({ spec }) => stopWave(spec) === wave).map((supervised) => supervised.stop()));
    rmSync(this.layout.processes, { force: true });
    this.#server?.unref();
  }

  get state(): SupervisorState {
    return { pid: process.pid, dir: this.layout.dir, processes: this.#processes.map((supervised) => ({ ...supervised.state, spec: supervised.spec })) };
  }

  #save(): void {
    writeFileSync(`${this.layout.processes}.new`, JSON.stringify(this.state));
    renameSync(`${this.layout.processes}.new`, this.layout.processes);
  }
}

/** A kubelet stops before its runtime, and all before the apiserver, which stops before what it stores in. */
function stopWave({ name, node }: ProcessSpec): number {
  if (node !== undefined) return name.startsWith('containerd@') || name.startsWith('fake-runtime@') ? 1 : 0;
  if (name === 'etcd' || name === 'nats') return 4;
  return name === 'apiserver' ? 3 : 2;
}

function reply(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
