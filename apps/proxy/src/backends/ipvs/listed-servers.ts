import type { VirtualServer, VirtualServers } from './virtual-servers';

/** A virtual server as the kernel has it. */
export interface ListedServer {
  readonly scheduler: string;
  readonly affinitySeconds: number;
  /** Connections: active ones and those that are being closed. */
  readonly realServers: ReadonlyMap<string, { readonly weight: number; readonly connections: number }>;
}
/** By the names that ipvsadm takes: `-t 10.96.0.1:443`. */
export type Listed = ReadonlyMap<string, ListedServer>;

const flags: Readonly<Record<string, string>> = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' };

/** Reads what `ipvsadm -L -n` writes; firewall marks, which are never ours, are left out. */
export function readListed(text: string): Listed {
  const listed = new Map<string, ListedServer>();
  let realServers = new Map<string, { weight: number; connections: number }>();
  for (const line of text.split('\n')) {
    const [, server = '', weight, active, inactive] = /^ +-> (\S+) +\S+ +(\d+) +(\d+) +(\d+)/.exec(line) ?? [];
    if (server !== '') realServers.set(server, { weight: Number(weight), connections: Number(active) + Number(inactive) });
    const [, protocol = '', address = '', scheduler = '', rest = ''] = /^([A-Z]+) +(\S+) (\S+)(.*)$/.exec(line) ?? [];
    if (protocol === '') continue;
    realServers = new Map();
    const flag = flags[protocol];
    if (flag !== undefined) listed.set(`${flag} ${address}`, { scheduler, affinitySeconds: Number(/ persistent (\d+)/.exec(rest)?.[1] ?? 0), realServers });
  }
  return listed;
}

/** Those of the kernel's that are ours, as if this run had made them. */
export function takeOver(listed: Listed, isOurs: (name: string) => boolean): VirtualServers {
  return new Map([...listed].filter(([name]) => isOurs(name)).map(([name, { scheduler, affinitySeconds, realServers }]): [string, VirtualServer] => {
    const ofWeight = (isNought: boolean): string[] => [...realServers].filter(([, { weight }]) => (weight === 0) === isNought).map(([server]) => server);
    return [name, { scheduler, affinitySeconds, realServers: ofWeight(false), draining: ofWeight(true) }];
  }));
}
