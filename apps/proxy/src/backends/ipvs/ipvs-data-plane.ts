import { parseAddress, type IpFamily } from '@navarch/apimachinery';
import type { Timer } from '@navarch/clock';
import { hostPort } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane, DataPlaneOptions } from '../data-plane';
import type { FamilyWords } from '../family-words';
import { inTurn } from '../in-turn';
import { changeLocal, cleanUpLocal, isLocalThere, localNames, localState, nodeAddresses, resetLocal, servingAddresses, type LocalNames, type LocalState } from '../local-addresses/local-addresses';
import type { RunCommand } from '../run-command';
import { hasLeaving, withDraining } from './draining';
import { defaultIpvsOptions, settingsScript, timeoutArgs, type IpvsOptions } from './ipvs-options';
import { ipvsRules, rulesTable } from './ipvs-rules';
import { readListed, takeOver, type Listed } from './listed-servers';
import { restoreLines, virtualServers, type VirtualServers } from './virtual-servers';

const namesOf = (family: IpFamily): LocalNames => localNames('ipvs', family);
/** How often it is looked whether those that drain are done; upstream's. */
const drainCheckMs = 60_000;

/** The kernel's ipvs, by ipvsadm; nftables does the little that ipvs does not. */
class IpvsDataPlane implements DataPlane {
  readonly name = 'ipvs';
  #ports = new Map<string, proxyv1.ServicePort>();
  #state: LocalState = { addresses: new Set(), open: new Set() };
  #servers: VirtualServers = new Map();
  #timer: Timer | undefined;
  #closed = false;
  /** One change at a time, whether a Service or the end of a connection is the reason. */
  readonly #inTurn = inTurn();

  readonly #names: LocalNames;
  readonly #ipvs: IpvsOptions;

  constructor(private readonly options: DataPlaneOptions) {
    this.#names = namesOf(options.family);
    this.#ipvs = options.ipvs ?? defaultIpvsOptions;
  }

  sync(request: proxyv1.SyncRequest): Promise<void> {
    return this.#inTurn(() => this.#sync(request));
  }

  isThere(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { run } = this.options;
      if (!(await hasRules(this.#names.words, run)) || !(await isLocalThere(this.#names, this.#state, run))) return false;
      const inKernel = await listed(run);
      return [...this.#servers].every(([name, { realServers }]) => realServers.every((server) => inKernel.get(name)?.realServers.has(server)));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    // What is under way.
    await this.#inTurn(() => Promise.resolve());
  }

  async #sync(request: proxyv1.SyncRequest): Promise<void> {
    const { run, clusterCidrs, nodePortAddresses } = this.options;
    const names = this.#names;
    this.#closed = false;
    if (request.reset) await this.#reset();
    const ports = new Map(this.#ports);
    for (const id of request.remove) ports.delete(id);
    for (const port of request.upsert) ports.set(port.id, port);
    const own = servingAddresses(await nodeAddresses(names, run), nodePortAddresses);
    const state = localState(ports.values());
    const servers = await this.#drained(virtualServers(ports.values(), own, this.#ipvs.scheduler));
    // Ownership is written down first: what a crash leaves in ipvs is found again.
    await run('nft', ['-f', '-'], ipvsRules(names.words, ports.values(), clusterCidrs, [...new Set([...servers.keys(), ...this.#servers.keys()])].map(asElement)));
    await changeLocal(names, this.#state, state, run);
    await this.#change(servers);
    this.#ports = ports;
    this.#state = state;
  }

  async #drained(wanted: VirtualServers): Promise<VirtualServers> {
    return withDraining(this.#servers, wanted, hasLeaving(this.#servers, wanted) ? await listed(this.options.run) : new Map());
  }

  async #change(servers: VirtualServers): Promise<void> {
    const lines = restoreLines(this.#servers, servers);
    if (lines.length > 0) await this.options.run('ipvsadm', ['--restore'], `${lines.join('\n')}\n`);
    this.#servers = servers;
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    const isDraining = [...this.#servers.values()].some(({ draining }) => draining.length > 0);
    if (isDraining && !this.#closed) this.#timer = this.options.clock?.setTimeout(() => void this.#inTurn(() => this.#lookAgain()), drainCheckMs);
  }

  /** Those whose last connection is over go. */
  async #lookAgain(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#change(await this.#drained(this.#servers));
    } catch (error) {
      this.options.log?.warn({ err: error }, 'real servers without connections could not be removed; it is tried again in a minute');
      this.#arm();
    }
  }

  /** What an earlier run left is gone on from: connections, also those of endpoints that are gone, outlive it. */
  async #reset(): Promise<void> {
    const { run, family } = this.options;
    // What this run made is known also when somebody has flushed where that is written down.
    const ours = new Set([...((await owned(run, family)) ?? []), ...this.#servers.keys()]);
    await resetLocal(this.#names, run);
    await run('sh', ['-c', settingsScript(this.#ipvs)]);
    const timeouts = timeoutArgs(this.#ipvs);
    if (timeouts.length > 0) await run('ipvsadm', timeouts);
    this.#ports = new Map();
    this.#servers = takeOver(await listed(run), (name) => ours.has(name));
    this.#state = { addresses: new Set(), open: new Set() };
  }
}

const listed = async (run: RunCommand): Promise<Listed> => readListed(await run('ipvsadm', ['-L', '-n']));

/** `-t 10.96.0.1:443` as nftables writes it. */
export function asElement(server: string): string {
  const [flag = '', address = ''] = server.split(' ');
  const [, ip = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  return `${ip} . ${{ '-t': 'tcp', '-u': 'udp' }[flag] ?? 'sctp'} . ${port}`;
}

const hasRules = async ({ nft }: FamilyWords, run: RunCommand): Promise<boolean> => (await run('nft', ['list', 'tables', nft])).includes(`table ${nft} ${rulesTable}\n`);

const serviceFlags: Readonly<Record<string, string>> = { 6: '-t', tcp: '-t', 17: '-u', udp: '-u', 132: '--sctp-service', sctp: '--sctp-service' };

/** Virtual servers that were written down as ours; undefined where nobody wrote anything down. */
async function owned(run: RunCommand, family: IpFamily): Promise<string[] | undefined> {
  const { words } = namesOf(family);
  const { nft } = words;
  if (!(await hasRules(words, run))) return undefined;
  const elements = await run('nft', ['-n', 'list', 'set', nft, rulesTable, 'virtual-servers']);
  return [...elements.matchAll(/([0-9a-f.:]+) \. (\w+) \. (\d+)/g)]
    .filter(([, ip = '']) => parseAddress(ip) !== undefined).map(([, ip = '', protocol = '', port]) => `${serviceFlags[protocol] ?? '-t'} ${hostPort(ip, Number(port))}`);
}

/** Takes away those virtual servers, and nobody else's. */
async function cleanUp(run: RunCommand, family: IpFamily): Promise<void> {
  const names = namesOf(family);
  const servers = await owned(run, family);
  if (servers !== undefined) {
    // One that is gone already is as wanted.
    for (const name of servers) await run('ipvsadm', ['-D', ...name.split(' ')]).catch(() => undefined);
    await run('nft', ['delete', 'table', names.words.nft, rulesTable]);
  }
  await cleanUpLocal(names, run);
}

export const ipvs: Backend = { create: (options) => new IpvsDataPlane(options), cleanUp };
