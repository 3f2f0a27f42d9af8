import { join } from 'node:path';
import { proxyv1 } from '@navarch/proto';
import { bundle } from '@navarch/testing';
import type { ProxyMode } from '../backends';

/** A program that answers each question in turn. */
export interface PlaneProcess {
  ask(question: object): Promise<Record<string, unknown>>;
  kill(): Promise<void>;
}

/** For tests: one back end as a process in the node's namespace, as the proxy is. */
export class Plane {
  #process: PlaneProcess;

  constructor(private readonly start: (args: readonly string[]) => PlaneProcess, private readonly mode: ProxyMode, private readonly nodePortAddresses: readonly string[] = []) {
    this.#process = this.#start();
  }

  async sync(request: Partial<proxyv1.SyncRequest>): Promise<void> {
    const message = proxyv1.SyncRequest.toJSON(proxyv1.SyncRequest.fromPartial({ sequence: 1n, ...request })) as object;
    const { failure } = await this.#process.ask(message);
    if (failure !== '') throw new Error(String(failure));
  }

  async isThere(): Promise<unknown> {
    return (await this.#process.ask({}))['isThere'];
  }

  /** Killed, and started anew: it knows nothing of what it did. */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = this.#start();
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  #start(): PlaneProcess {
    const options = JSON.stringify({
      clusterCidrs: ['10.244.0.0/16', 'fd00:10:244::/48'],
      nodePortAddresses: this.nodePortAddresses,
      localhostNodePorts: true,
      serviceRanges: ['10.96.0.0/24', 'fd00:10:96::/112'],
    });
    return this.start([bundle(join(__dirname, 'data-plane-process.ts')), this.mode, options]);
  }
}
