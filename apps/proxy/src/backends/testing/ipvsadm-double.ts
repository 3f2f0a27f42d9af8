import { isIPv4, isIPv6 } from 'node:net';

interface VirtualServer {
  scheduler: string;
  persistentSeconds: number;
  readonly realServers: Map<string, { readonly forwarding: 'masquerade'; weight: number }>;
}

const longestPersistence = 31 * 24 * 60 * 60;

/**
 * For tests on kernels without ipvs: what ipvsadm(8) documents of the commands that are used here, with the kernel's refusals. Like
 * the real one, `--restore` carries lines out one by one and stops at the first that is refused.
 */
export class IpvsadmDouble {
  readonly servers = new Map<string, VirtualServer>();
  /** Open connections by virtual and real server: `-t 10.96.0.7:80 > 10.244.0.2:8080`. */
  readonly connections = new Map<string, number>();
  /** What `--set` was told. */
  timeouts: readonly string[] = [];

  /** @throws with the program's complaint */
  run(args: readonly string[], input = ''): string {
    if (args[0] === '-L') return this.#table();
    if (args[0] === '--set') this.timeouts = args.slice(1);
    else if (args[0] === '--restore') for (const line of input.split('\n').filter((each) => each !== '')) this.#command(line.split(' '));
    else this.#command(args);
    return '';
  }

  /** As `ipvsadm -L -n` writes it. */
  #table(): string {
    const protocols: Readonly<Record<string, string>> = { '-t': 'TCP ', '-u': 'UDP ', '--sctp-service': 'SCTP' };
    const lines = [...this.servers].flatMap(([name, { scheduler, persistentSeconds, realServers }]) => {
      const [flag = '', address = ''] = name.split(' ');
      return [
        `${protocols[flag] ?? ''} ${address} ${scheduler}${persistentSeconds > 0 ? ` persistent ${persistentSeconds}` : ''}`,
        ...[...realServers].map(
          ([server, { weight }]) =>
            `  -> ${server.padEnd(28)} ${'Masq'.padEnd(7)} ${String(weight).padEnd(6)} ${String(this.connections.get(`${name} > ${server}`) ?? 0).padEnd(10)} ${'0'.padEnd(10)}`,
        ),
      ];
    });
    return ['IP Virtual Server version 1.2.1 (size=4096)', 'Prot LocalAddress:Port Scheduler Flags', '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn', ...lines, ''].join('\n');
  }

  /** As `ipvsadm -S -n` lists it; real servers that get nothing new are marked. */
  get listed(): string[] {
    return [...this.servers].sort().flatMap(([name, { scheduler, persistentSeconds, realServers }]) => [
      `${name} ${scheduler}${persistentSeconds > 0 ? ` ${persistentSeconds}` : ''}`, ...[...realServers].sort().map(([server, { weight }]) => `${name} > ${server}${weight === 0 ? ' (0)' : ''}`),
    ]);
  }

  #command([verb = '', flag = '', address = '', ...options]: readonly string[]): void {
    if (!['-t', '-u', '--sctp-service'].includes(flag)) throw new Error(`unknown service flag ${flag}`);
    checkAddress(address);
    const name = `${flag} ${address}`;
    const known = this.servers.get(name);
    const option = (wanted: string): string | undefined => (options.includes(wanted) ? options[options.indexOf(wanted) + 1] : undefined);
    switch (verb) {
      case '-A':
        if (known !== undefined) throw new Error('Service already exists');
        this.servers.set(name, { ...settings(option), realServers: new Map() });
        return;
      case '-E':
        Object.assign(mustExist(known), settings(option));
        return;
      case '-D':
        mustExist(known);
        this.servers.delete(name);
        return;
      case '-a': {
        const { realServers } = mustExist(known);
        const server = option('-r') ?? '';
        checkAddress(server);
        if (server.startsWith('[') !== address.startsWith('[')) throw new Error('real server of another family');
        if (realServers.has(server)) throw new Error('Destination already exists');
        if (!options.includes('-m')) throw new Error('only masquerading lets a real server have another port');
        realServers.set(server, { forwarding: 'masquerade', weight: Number(option('-w') ?? '1') });
        return;
      }
      case '-e': {
        const real = mustExist(known).realServers.get(option('-r') ?? '');
        if (real === undefined) throw new Error('No such destination');
        real.weight = Number(option('-w') ?? '1');
        return;
      }
      case '-d':
        if (!mustExist(known).realServers.delete(option('-r') ?? '')) throw new Error('No such destination');
        return;
      default:
        throw new Error(`unknown command ${verb}`);
    }
  }
}

function mustExist(known: VirtualServer | undefined): VirtualServer {
  if (known === undefined) throw new Error('No such service');
  return known;
}

function settings(option: (wanted: string) => string | undefined): Pick<VirtualServer, 'scheduler' | 'persistentSeconds'> {
  const persistentSeconds = Number(option('-p') ?? '0');
  if (!Number.isInteger(persistentSeconds) || persistentSeconds < 0 || persistentSeconds > longestPersistence) throw new Error('illegal timeout');
  return { scheduler: option('-s') ?? 'wlc', persistentSeconds };
}

function checkAddress(text: string): void {
  const [, v6, v4, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  if (!(isIPv6(v6 ?? '') || isIPv4(v4 ?? '')) || Number(port) < 1 || Number(port) > 65_535) throw new Error(`illegal address ${text}`);
}
