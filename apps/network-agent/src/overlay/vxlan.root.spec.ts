import { execFileSync } from 'node:child_process';
import { kernelRoutes } from '../kernel-routes';
import { planRoutes, type NodeNet } from '../routes';
import type { RunCommand } from '../run-command';
import { removeVxlan, VxlanOverlay } from './vxlan-overlay';

const id = process.pid % 10_000;
const nodes: NodeNet[] = [1, 2].map((number) => ({ name: `nvx${id}-${number}`, addresses: [`172.31.9.${number}`], ranges: [`10.244.${number}.0/24`, `fd00:10:244:${number}::/64`] }));
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inside = (netns: string): RunCommand => (command, args) => Promise.resolve(execFileSync('ip', ['netns', 'exec', netns, command, ...args], { encoding: 'utf8' }));
const podOf = ({ ranges }: NodeNet, v6: boolean): string => (v6 ? ranges[1]?.replace('/64', '7') : ranges[0]?.replace('0/24', '7')) ?? '';
const answers = (from: NodeNet, address: string): boolean => {
  try {
    ip('netns', 'exec', from.name, 'busybox', address.includes(':') ? 'ping6' : 'ping', '-c', '1', '-W', '1', '-I', podOf(from, address.includes(':')), address);
    return true;
  } catch {
    return false;
  }
};

/** Two nodes on a wire that carries only their own addresses; `.7` of each pod range stands for a pod. */
beforeAll(() => {
  for (const { name } of nodes) ip('netns', 'add', name);
  ip('link', 'add', 'eth0', 'netns', nodes[0]?.name ?? '', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nodes[1]?.name ?? '');
  for (const node of nodes) {
    const { name, addresses } = node;
    execFileSync('ip', [
      'netns',
      'exec',
      name,
      'sh',
      '-ec',
      `ip link set lo up; ip address add ${addresses[0] ?? ''}/24 dev eth0; ip link set eth0 up; ip address add ${podOf(node, false)}/32 dev lo; ip address add ${podOf(node, true)}/128 dev lo; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`,
    ]);
  }
});
afterAll(() => {
  for (const { name } of nodes) ip('netns', 'delete', name);
});

async function setUp(node: NodeNet, known: readonly NodeNet[], overlay = new VxlanOverlay(node.name, inside(node.name))): Promise<VxlanOverlay> {
  const routes = kernelRoutes(inside(node.name));
  const wanted = await overlay.ensure(known);
  for (const action of planRoutes(await routes.read(() => true), wanted)) await routes.carryOut(action);
  return overlay;
}

describe('the VXLAN overlay', () => {
  it('carries pods between nodes whose network does not know them, also after a restart, until a node is gone', async () => {
    const [first, second] = nodes as [NodeNet, NodeNet];
    const both = (from: NodeNet, number: number): boolean[] => [answers(from, `10.244.${number}.7`), answers(from, `fd00:10:244:${number}::7`)];
    expect(both(first, 2)).toEqual([false, false]);
    const overlay = await setUp(first, nodes);
    await setUp(second, nodes);
    expect(both(first, 2)).toEqual([true, true]);
    // A second run knows nothing of the first.
    await setUp(second, nodes);
    expect(both(second, 1)).toEqual([true, true]);
    await setUp(first, [first], overlay);
    expect(both(first, 2)).toEqual([false, false]);
    expect(ip('-n', first.name, 'neigh', 'show', 'dev', 'navarch-vxlan', 'nud', 'permanent')).toBe('');
    await removeVxlan(inside(first.name));
    expect(ip('-n', first.name, 'link', 'show')).not.toContain('navarch-vxlan');
  });
});
