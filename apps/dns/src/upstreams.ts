import { isIP, isIPv6 } from 'node:net';
import type { Clock } from '@navarch/clock';

/** A name server outside. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** As metrics show it: `1.2.3.4:53`. */
  readonly name: string;
}

/** Reads `1.2.3.4`, `1.2.3.4:53`, `fd00::1` or `[fd00::1]:53`. @throws for anything else */
export function parseUpstream(text: string): Upstream {
  const [, v6 = '', v6Port = '53'] = /^\[(.+)\](?::(\d+))?$/.exec(text) ?? [];
  const [host, port] = v6 !== '' ? [v6, v6Port] : isIPv6(text) ? [text, '53'] : ([...text.split(':'), '53'] as [string, string]);
  if (isIP(host) === 0 || !(Number(port) > 0 && Number(port) < 65_536)) throw new Error(`"${text}" is no address of a name server`);
  return { host, port: Number(port), name: isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}` };
}

/** Servers of one domain beside the others: the domain, and where it is asked. */
export function parseStubDomains(domains: Readonly<Record<string, string>>): ReadonlyMap<string, readonly Upstream[]> {
  return new Map(Object.entries(domains).map(([domain, servers]) => [domain.toLowerCase().replace(/^\.|\.$/g, ''), servers.split('+').map(parseUpstream)]));
}

const restMs = 10_000;

/** Which servers to ask for a name, and in what order: those that were silent lately come last, so that not every question waits for them. */
export class Upstreams {
  readonly #silentUntil = new Map<string, number>();

  constructor(private readonly general: readonly Upstream[], private readonly stubs: ReadonlyMap<string, readonly Upstream[]>, private readonly clock: Clock) {}

  /** The servers of the longest domain that the name lies in. */
  for(name: string): readonly Upstream[] {
    const now = this.clock.now();
    const rests = ({ name: server }: Upstream): number => Number((this.#silentUntil.get(server) ?? 0) > now);
    // The sort is stable.
    return [...this.#serversOf(name)].sort((a, b) => rests(a) - rests(b));
  }

  answered({ name }: Upstream): void {
    this.#silentUntil.delete(name);
  }

  silent({ name }: Upstream): void {
    this.#silentUntil.set(name, this.clock.now() + restMs);
  }

  #serversOf(name: string): readonly Upstream[] {
    if (this.stubs.size === 0) return this.general;
    const labels = name.toLowerCase().replace(/\.$/, '').split('.');
    for (let from = 0; from < labels.length; from++) {
      const servers = this.stubs.get(labels.slice(from).join('.'));
      if (servers !== undefined) return servers;
    }
    return this.general;
  }
}
