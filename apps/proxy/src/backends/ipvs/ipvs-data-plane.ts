import { parseAddress, type IpFamily } from '@navarch/apimachinery';
import { hostPort } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane, DataPlaneOptions } from '../data-plane';
import { changeLocal, cleanUpLocal, localNames, localState, nodeAddresses, resetLocal, servingAddresses, type LocalNames, type LocalState } from '../local-addresses/local-addresses';
import type { RunCommand } from '../run-command';
import { ipvsRules, rulesTable } from './ipvs-rules';
import { restoreLines, virtualServers, type VirtualServers } from './virtual-servers';

const namesOf = (family: IpFamily): LocalNames => localNames('ipvs', family);
/** Connections of ipvs are tracked, so that masquerading sees them; what an endpoint leaves behind ends with it. */
const settings = ['conntrack', 'expire_nodest_conn', 'expire_quiescent_template'];

/** The kernel's ipvs, by ipvsadm; nftables does the little that ipvs does not. */
class IpvsDataPlane implements DataPlane {
  readonly name = 'ipvs';
  #ports = new Map<string, proxyv1.ServicePort>();
  #state: LocalState = { addresses: new Set(), open: new Set() };
  #servers: VirtualServers = new Map();

  readonly #names: LocalNames;

  constructor(private readonly options: DataPlaneOptions) {
    this.#names = namesOf(options.family);
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    const { run, clusterCidrs, nodePortAddresses } = this.options;
    const names = this.#names;
    if (request.reset) await this.#reset();
    const ports = new Map(this.#ports);
    for (const id of request.remove) ports.delete(id);
    for (const port of request.upsert) ports.set(port.id, port);
    const own = servingAddresses(await nodeAddresses(names, run), nodePortAddresses);
    const state = localState(ports.values());
    const servers = virtualServers(ports.values(), own);
    // Ownership is written down first: what a crash leaves in ipvs is found again.
    await run('nft', ['-f', '-'], ipvsRules(names.words, ports.values(), clusterCidrs, [...new Set([...servers.keys(), ...this.#servers.keys()])].map(asElement)));
    await changeLocal(names, this.#state, state, run);
    const lines = restoreLines(this.#servers, servers);
    if (lines.length > 0) await run('ipvsadm', ['--restore'], `${lines.join('\n')}\n`);
    this.#ports = ports;
    this.#state = state;
    this.#servers = servers;
  }

  async #reset(): Promise<void> {
    const { run, family } = this.options;
    await cleanUp(run, family);
    await resetLocal(this.#names, run);
    await run('sh', ['-c', settings.map((name) => `echo 1 > /proc/sys/net/ipv4/vs/${name}`).join(' && ')]);
    this.#ports = new Map();
    this.#servers = new Map();
    this.#state = { addresses: new Set(), open: new Set() };
  }
}

/** `-t 10.96.0.1:443` as nftables writes it. */
export function asElement(server: string): string {
  const [flag = '', address = ''] = server.split(' ');
  const [, ip = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  return `${ip} . ${{ '-t': 'tcp', '-u': 'udp' }[flag] ?? 'sctp'} . ${port}`;
}

/** Only virtual servers that were written down as ours. */
async function cleanUp(run: RunCommand, family: IpFamily): Promise<void> {
  const names = namesOf(family);
  const { nft } = names.words;
  const tables = await run('nft', ['list', 'tables', nft]);
  if (tables.includes(`table ${nft} ${rulesTable}\n`)) {
    const listed = await run('nft', ['-n', 'list', 'set', nft, rulesTable, 'virtual-servers']);
    const flags: Readonly<Record<string, string>> = { 6: '-t', tcp: '-t', 17: '-u', udp: '-u', 132: '--sctp-service', sctp: '--sctp-service' };
    for (const [, ip = '', protocol = '', port] of listed.matchAll(/([0-9a-f.:]+) \. (\w+) \. (\d+)/g)) {
      if (parseAddress(ip) === undefined) continue;
      // One that is gone already is as wanted.
      await run('ipvsadm', ['-D', flags[protocol] ?? '-t', hostPort(ip, Number(port))]).catch(() => undefined);
    }
    await run('nft', ['delete', 'table', nft, rulesTable]);
  }
  await cleanUpLocal(names, run);
}

export const ipvs: Backend = { create: (options) => new IpvsDataPlane(options), cleanUp };
