import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LineProcess } from './line-process';

/** Where a namespace hangs on the node, and under which address. */
const places = { a: '10.244.0.2', b: '10.244.0.3', remote: '10.244.1.2', outside: '198.51.100.7', stranger: '203.0.113.7' } as const;
export type Place = keyof typeof places;
export const addressOf = (place: Place): string => places[place];
export const nodeAddress = '172.31.0.1';

/** The same places in IPv6. */
const placesV6: Readonly<Record<Place, string>> = { a: 'fd00:10:244::2', b: 'fd00:10:244::3', remote: 'fd00:10:244:1::2', outside: '2001:db8:198::7', stranger: '2001:db8:203::7' };
export const addressV6Of = (place: Place): string => placesV6[place];
export const nodeAddressV6 = 'fd00:172:31::1';

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp';
  readonly localPort?: number;
  /** TCP: said first, for servers that do not speak by themselves. */
  readonly send?: string;
}

/**
 * A node in a network namespace with two pods on a bridge, a pod of another node, and two clients outside the cluster, all routed
 * through it. Each of them is a process that serves and asks.
 */
export class NodeNetwork {
  readonly node: string;
  readonly #namespaces: string[] = [];
  readonly #agents = new Map<string, LineProcess>();

  constructor(private readonly name: string) {
    this.node = `${name}-n`;
  }

  async start(): Promise<void> {
    this.#namespace(this.node);
    this.run(
      `ip link add br0 type bridge; ip addr add 10.244.0.1/24 dev br0; ip link set br0 up; ip addr add ${nodeAddress}/32 dev lo; echo 1 > /proc/sys/net/ipv4/ip_forward; ip route add default dev br0`,
    );
    this.run(`ip addr add fd00:10:244::1/64 dev br0 nodad; ip addr add ${nodeAddressV6}/128 dev lo; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; ip -6 route add default dev br0`);
    for (const [place, address] of Object.entries(places)) {
      const netns = this.netns(place as Place);
      const gateway = address.replace(/\d+$/, '1');
      this.#namespace(netns);
      this.#host('ip', 'link', 'add', `v-${place}`, 'netns', this.node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
      this.run(gateway === '10.244.0.1' ? `ip link set v-${place} master br0 up; bridge link set dev v-${place} hairpin on` : `ip addr add ${gateway}/24 dev v-${place}; ip link set v-${place} up`);
      this.inside(netns, `ip addr add ${address}/24 dev eth0; ip link set eth0 up; ip route add default via ${gateway}`);
      const addressV6 = placesV6[place as Place];
      const gatewayV6 = addressV6.replace(/::\d+$/, '::1');
      if (gatewayV6 !== 'fd00:10:244::1') this.run(`ip addr add ${gatewayV6}/64 dev v-${place} nodad`);
      this.inside(netns, `ip addr add ${addressV6}/64 dev eth0 nodad; ip -6 route add default via ${gatewayV6}`);
    }
    await Promise.all([this.node, ...Object.keys(places)].map((place) => this.#serve(place)));
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents.values()) await agent.kill();
    for (const netns of this.#namespaces) this.#host('ip', 'netns', 'delete', netns);
  }

  /** What the servers answer: their place and the client's address; or how it failed. */
  ask(from: Place | 'node', target: Target, times = 1): Promise<string[]> {
    return this.#ask(from, { ...target, times });
  }

  /** Asks many at once; answers in their order. `silentMs`: how long none may take before it is silence, by default as with `ask`. */
  askAll(from: Place | 'node', targets: readonly Target[], silentMs?: number): Promise<string[]> {
    return this.#ask(from, { targets, silentMs });
  }

  async #ask(from: Place | 'node', question: object): Promise<string[]> {
    const answer = await this.#agents.get(from === 'node' ? this.node : from)?.ask(question);
    return (answer?.['answers'] ?? []) as string[];
  }

  netns(place: Place): string {
    return `${this.name}-${place}`;
  }

  /** In the node's namespace. */
  run(script: string): string {
    return this.inside(this.node, script);
  }

  inside(netns: string, script: string): string {
    return execFileSync('ip', ['netns', 'exec', netns, 'sh', '-ec', script], { encoding: 'utf8' });
  }

  #namespace(netns: string): void {
    this.#host('ip', 'netns', 'add', netns);
    this.#namespaces.push(netns);
    this.inside(netns, 'ip link set lo up');
  }

  async #serve(place: string): Promise<void> {
    const agent = new LineProcess(place === this.node ? place : this.netns(place as Place), [join(__dirname, 'namespace-agent.cjs'), place]);
    this.#agents.set(place, agent);
    await agent.read();
  }

  #host(command: string, ...args: string[]): void {
    execFileSync(command, args);
  }
}
