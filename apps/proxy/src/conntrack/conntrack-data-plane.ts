import type { IpFamily } from '@navarch/apimachinery';
import type { Logger } from '@navarch/component-base';
import { proxyv1 } from '@navarch/proto';
import type { DataPlane } from '../backends/data-plane';
import { familyOfPort } from '../backends/dual-stack';
import { familyWords } from '../backends/family-words';
import type { RunCommand } from '../backends/run-command';
import { parseFlows, staleFlows } from './stale-flows';

interface FlowKind {
  readonly protocol: string;
  readonly family: IpFamily;
}

/** Told of each look at the flows of one kind. */
export interface FlowsObserver {
  flowsEnded(family: IpFamily, count: number): void;
  flowsReconciled(family: IpFamily, seconds: number): void;
}

/** Ends flows of UDP and SCTP that lead to endpoints that are gone, after each change of such a port. */
export class ConntrackDataPlane implements DataPlane {
  readonly name: string;
  #ports = new Map<string, proxyv1.ServicePort>();

  constructor(private readonly inner: DataPlane, private readonly run: RunCommand, private readonly log: Pick<Logger, 'warn'>, private readonly observer?: FlowsObserver) {
    this.name = inner.name;
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    await this.inner.sync(request);
    if (request.reset) this.#ports = new Map();
    /** Kinds of flows, as `conntrack` lists them. */
    const changed = new Map<string, FlowKind>();
    const note = (port: proxyv1.ServicePort): unknown => changed.set(`${nameOf(port)} ${familyOfPort(port)}`, { protocol: nameOf(port), family: familyOfPort(port) });
    for (const id of request.remove) {
      const port = this.#ports.get(id);
      if (port !== undefined) note(port);
      this.#ports.delete(id);
    }
    for (const port of request.upsert) {
      if (port.protocol === proxyv1.Protocol.TCP) continue;
      note(port);
      this.#ports.set(port.id, port);
    }
    for (const kind of changed.values()) await this.#clean(kind);
  }

  isThere(): Promise<boolean> {
    return this.inner.isThere?.() ?? Promise.resolve(true);
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }

  /** The rules are in force already: a failure here delays some clients, and must not undo them. */
  async #clean({ protocol, family }: FlowKind): Promise<void> {
    const { conntrack } = familyWords[family];
    const began = performance.now();
    try {
      const flows = parseFlows(await this.run('conntrack', ['-L', '-f', conntrack, '-p', protocol]));
      for (const flow of staleFlows(flows, this.#ports.values())) {
        const args = ['-D', '-f', conntrack, '-p', protocol, '--orig-src', flow.source, '--orig-dst', flow.destination, '--sport', String(flow.sourcePort), '--dport', String(flow.port)];
        // It may have ended by itself meanwhile.
        await this.run('conntrack', args).then(() => this.observer?.flowsEnded(family, 1), (error: unknown) => this.log.warn({ err: error, ...flow }, 'stale flow could not be ended'));
      }
    } catch (error) {
      this.log.warn({ err: error, protocol, family }, 'flows could not be listed: clients of endpoints that are gone may have to wait');
    }
    this.observer?.flowsReconciled(family, (performance.now() - began) / 1000);
  }
}

const nameOf = ({ protocol }: proxyv1.ServicePort): string => (protocol === proxyv1.Protocol.SCTP ? 'sctp' : 'udp');
