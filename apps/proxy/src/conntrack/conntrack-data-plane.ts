import type { Logger } from '@navarch/component-base';
import { proxyv1 } from '@navarch/proto';
import type { DataPlane } from '../backends/data-plane';
import type { RunCommand } from '../backends/run-command';
import { parseFlows, staleFlows } from './stale-flows';

/** Ends flows of UDP and SCTP that lead to endpoints that are gone, after each change of such a port. */
export class ConntrackDataPlane implements DataPlane {
  readonly name: string;
  #ports = new Map<string, proxyv1.ServicePort>();

  constructor(private readonly inner: DataPlane, private readonly run: RunCommand, private readonly log: Pick<Logger, 'warn'>) {
    this.name = inner.name;
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    await this.inner.sync(request);
    if (request.reset) this.#ports = new Map();
    const changed = new Set<string>();
    for (const id of request.remove) {
      const port = this.#ports.get(id);
      if (port !== undefined) changed.add(nameOf(port));
      this.#ports.delete(id);
    }
    for (const port of request.upsert) {
      if (port.protocol === proxyv1.Protocol.TCP) continue;
      changed.add(nameOf(port));
      this.#ports.set(port.id, port);
    }
    for (const protocol of changed) await this.#clean(protocol);
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }

  /** The rules are in force already: a failure here delays some clients, and must not undo them. */
  async #clean(protocol: string): Promise<void> {
    try {
      const flows = parseFlows(await this.run('conntrack', ['-L', '-p', protocol]));
      for (const flow of staleFlows(flows, this.#ports.values())) {
        const args = ['-D', '-p', protocol, '--orig-src', flow.source, '--orig-dst', flow.destination, '--sport', String(flow.sourcePort), '--dport', String(flow.port)];
        // It may have ended by itself meanwhile.
        await this.run('conntrack', args).catch((error: unknown) => this.log.warn({ err: error, ...flow }, 'stale flow could not be ended'));
      }
    } catch (error) {
      this.log.warn({ err: error, protocol }, 'flows could not be listed: clients of endpoints that are gone may have to wait');
    }
  }
}

const nameOf = ({ protocol }: proxyv1.ServicePort): string => (protocol === proxyv1.Protocol.SCTP ? 'sctp' : 'udp');
