import { execFileSync } from 'node:child_process';
import { kernelRoutes } from '../kernel-routes';
import { planRoutes, type NodeNet } from '../routes';
import type { RunCommand } from '../run-command';
import { removeVxlan, VxlanOverlay } from './vxlan-overlay';

const id = process.pid % 10_000;
const nodes: NodeNet[] = [1, 2].map((number) => ({ name: `nvx${id}-${number}`, addresses: [`172.31.9.${number}`], ranges: [`10.244.${number}.0/24`] }));
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const inside = (netns: string): RunCommand => (command, args) => Promise.resolve(execFileSync('ip', ['netns', 'exec', netns, command, ...args], { encoding: 'utf8' }));
const answers = (from: NodeNet, address: string): boolean => {
  try {
    ip('netns', 'exec', from.name, 'busybox', 'ping', '-c', '1', '-W', '1', '-I', from.ranges[0]?.replace('0/24', '7') ?? '', address);
    return true;
  } catch {
    return false;
  }
};

/** Two nodes on a wire that carries only their own addresses; `.7` of each pod range stands for a pod. */
beforeAll(() => {
  for (const { name } of nodes) ip('netns', 'add', name);
  ip('link', 'add', 'eth0', 'netns', nodes[0]?.name ?? '', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', nodes[1]?.name ?? '');
  for (const { name, addresses, ranges } of nodes) {
    execFileSync('ip', ['netns', 'exec', name, 'sh', '-ec', `ip link set lo up; ip address add ${addresses[0] ?? ''}/24 dev eth0; ip link set eth0 up; ip address add ${ranges[0]?.replace('0/24', '7') ?? ''}/32 dev lo`]);
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
    expect(answers(first, '10.244.2.7')).toBe(false);
    const overlay = await setUp(first, nodes);
    await setUp(second, nodes);
    expect(answers(first, '10.244.2.7')).toBe(true);
    // A second run knows nothing of the first.
    await setUp(second, nodes);
    expect(answers(second, '10.244.1.7')).toBe(true);
    await setUp(first, [first], overlay);
    expect(answers(first, '10.244.2.7')).toBe(false);
    expect(ip('-n', first.name, 'neigh', 'show', 'dev', 'navarch-vxlan')).toBe('');
    await removeVxlan(inside(first.name));
    expect(ip('-n', first.name, 'link', 'show')).not.toContain('navarch-vxlan');
  });
});
