import { addressFor, type NodeNet, type Route } from '../routes';
import type { RunCommand } from '../run-command';
import type { Overlay } from './overlay';
import { gatewayOf, macOf, vxlanPlan } from './vxlan-plan';

const vxlanDevice = 'navarch-vxlan';
/** The registered port; VNI as flannel's default. */
const port = '4789';
const networkId = '1';
/** Outer Ethernet, IPv4, UDP and VXLAN headers. */
const overheadBytes = 50;
const ethernetMtu = 1_500;

/** Pod packets between nodes travel in UDP. The kernel's tables of peers are ours alone: the device is. */
export class VxlanOverlay implements Overlay {
  readonly mtu = ethernetMtu - overheadBytes;
  /** What the kernel was told, by peer's hardware address. */
  readonly #told = new Map<string, string>();
  #madeFor = '';

  constructor(private readonly self: string, private readonly run: RunCommand) {}

  async ensure(nodes: readonly NodeNet[]): Promise<Route[]> {
    const own = nodes.find(({ name }) => name === this.self);
    const address = own && addressFor('0.0.0.0/0', own);
    if (own === undefined || address === undefined || own.ranges.length === 0) return [];
    await this.#ensureDevice(address, own.ranges.map((range) => gatewayOf(range, address)));
    const { peers, routes } = vxlanPlan(nodes, this.self, vxlanDevice);
    const wanted = new Map(peers.map((peer) => [peer.mac, peer]));
    for (const mac of [...this.#told.keys()]) if (!wanted.has(mac)) await this.#forget(mac);
    for (const { mac, node, gateways } of peers) {
      const said = JSON.stringify([node, gateways]);
      if (this.#told.get(mac) === said) continue;
      await this.run('bridge', ['fdb', 'replace', mac, 'dev', vxlanDevice, 'dst', node, 'self', 'permanent']);
      for (const gateway of gateways) await this.run('ip', ['neigh', 'replace', gateway, 'lladdr', mac, 'dev', vxlanDevice, 'nud', 'permanent']);
      this.#told.set(mac, said);
    }
    return [...routes];
  }

  /** Made anew when this process starts: an earlier one may have been told other things. */
  async #ensureDevice(address: string, gateways: readonly string[]): Promise<void> {
    const wanted = [address, ...gateways].join(' ');
    const exists = (JSON.parse((await this.run('ip', ['-j', 'link', 'show', 'type', 'vxlan'])) || '[]') as { ifname?: string }[]).some(({ ifname }) => ifname === vxlanDevice);
    if (exists && this.#madeFor === wanted) return;
    if (exists) await this.run('ip', ['link', 'delete', vxlanDevice]);
    this.#told.clear();
    await this.run('ip', ['link', 'add', vxlanDevice, 'address', macOf(address), 'mtu', String(this.mtu), 'type', 'vxlan', 'id', networkId, 'dstport', port, 'local', address, 'nolearning']);
    for (const gateway of gateways) await this.run('ip', ['address', 'add', ...(gateway.includes(':') ? [`${gateway}/64`, 'dev', vxlanDevice, 'nodad'] : [`${gateway}/32`, 'dev', vxlanDevice])]);
    await this.run('ip', ['link', 'set', vxlanDevice, 'up']);
    this.#madeFor = wanted;
  }

  async #forget(mac: string): Promise<void> {
    await this.run('bridge', ['fdb', 'del', mac, 'dev', vxlanDevice]);
    const [, gateways] = JSON.parse(this.#told.get(mac) ?? '["",[]]') as [string, string[]];
    for (const gateway of gateways) await this.run('ip', ['neigh', 'del', gateway, 'dev', vxlanDevice]);
    this.#told.delete(mac);
  }
}

/** Takes away the tunnel of a run that had one. */
export async function removeVxlan(run: RunCommand): Promise<void> {
  const links = JSON.parse((await run('ip', ['-j', 'link', 'show', 'type', 'vxlan'])) || '[]') as { ifname?: string }[];
  if (links.some(({ ifname }) => ifname === vxlanDevice)) await run('ip', ['link', 'delete', vxlanDevice]);
}
