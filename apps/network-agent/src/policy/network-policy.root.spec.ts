import { core, networking, type corev1, type networkingv1 } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
import { addressOf, nodeAddress, NodeNetwork, type Place } from '@navarch/testing';
import { execFileSync } from 'node:child_process';
import { filterQuestions } from './filter-state';
import { PolicyEnforcer } from './policy-enforcer';

const network = new NodeNetwork(`nap${process.pid % 10_000}`);
const pod = (place: Place, nodeName: string, app: string): corev1.Pod => ({
  metadata: { name: place, namespace: 'default', labels: { app } }, spec: { nodeName, containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
  status: { phase: 'Running', podIP: addressOf(place), podIPs: [{ ip: addressOf(place) }] },
});
const policy = (name: string, spec: networkingv1.NetworkPolicySpec): networkingv1.NetworkPolicy => ({ metadata: { name, namespace: 'default' }, spec });
const toA = { address: addressOf('a'), port: 8080 };
const served = /^a /;

describe('network policies in the kernel', () => {
  let cluster: SimulatedCluster;
  let enforcer: PolicyEnforcer;
  const scripts: string[] = [];

  beforeAll(async () => {
    await network.start();
    cluster = new SimulatedCluster();
    const of = { policies: cluster.informers.informer(networking.networkpolicies), pods: cluster.informers.informer(core.pods), namespaces: cluster.informers.informer(core.namespaces), nodes: cluster.informers.informer(core.nodes) };
    const runNft = async (script: string): Promise<void> => {
      scripts.push(script);
      await Promise.resolve();
      execFileSync('ip', ['netns', 'exec', network.node, 'nft', '-f', '-'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] });
    };
    enforcer = new PolicyEnforcer('node-1', { ...of, runNft, clock: cluster.clock, log: silentLogger });
    await cluster.start();
    await cluster.client.create(core.namespaces, { metadata: { name: 'default' } });
    await cluster.client.create(core.nodes, { metadata: { name: 'node-1' }, spec: { podCIDRs: ['10.244.0.0/24', 'fd00:10:244::/64'] } });
    for (const [place, node] of [['a', 'node-1'], ['b', 'node-1'], ['remote', 'node-2']] as const) await addPod(place, node);
    await enforcer.start();
  }, 60_000);

  afterAll(async () => {
    await enforcer.stop();
    await cluster.stop();
    await network.stop();
  });

  const addPod = async (place: Place, node: string, app: string = place): Promise<void> => {
    const made = await cluster.client.create(core.pods, pod(place, node, app));
    await cluster.client.updateStatus(core.pods, { ...made, ...pod(place, node, app), metadata: made.metadata });
  };
  const apply = async (object: networkingv1.NetworkPolicy): Promise<void> => {
    await cluster.client.create(networking.networkpolicies, object);
    await settled();
  };
  const remove = async (name: string): Promise<void> => {
    await cluster.client.delete(networking.networkpolicies, { namespace: 'default', name });
    await settled();
  };
  const settled = async (): Promise<void> => {
    await cluster.settle();
    await cluster.clock.advance(20);
    await cluster.settle();
    expect(enforcer.failure).toBeUndefined();
  };
  const reach = async (from: Place | 'node', target = toA): Promise<boolean> => served.test((await network.ask(from, target))[0] ?? '');

  it('lets everyone in where there is no policy', async () => {
    expect([await reach('b'), await reach('remote'), await reach('outside'), await reach('node')]).toEqual([true, true, true, true]);
  });

  it('closes a pod to neighbours on its bridge, to other nodes and to the world; its own node still probes it', async () => {
    await apply(policy('deny', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] }));
    expect([await reach('b'), await reach('remote'), await reach('outside'), await reach('node')]).toEqual([false, false, false, true]);
    expect((await network.ask('a', { address: addressOf('b'), port: 8080 }))[0]).toMatch(/^b /);
  });

  it('leaves rules alone that are there when it looks', async () => {
    const before = scripts.length;
    await cluster.clock.advance(30_000);
    await settled();
    expect(scripts.slice(before)).toEqual(filterQuestions);
  });

  it('closes it again when somebody has flushed the rules, though no policy has changed', async () => {
    network.run('nft flush ruleset');
    expect(await reach('outside')).toBe(true);
    await cluster.clock.advance(30_000);
    await settled();
    expect([await reach('outside'), await reach('node')]).toEqual([false, true]);
  });

  it('lets a closed pod speak to itself by a Service', async () => {
    await apply(policy('mute', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'] }));
    const service = `add table ip service
      add chain ip service in { type nat hook prerouting priority dstnat; }
      add chain ip service out { type nat hook postrouting priority srcnat; }
      add rule ip service in ip daddr 10.96.0.7 dnat to ${addressOf('a')}
      add rule ip service in ip daddr 10.96.0.8 dnat to ${addressOf('b')}
      add rule ip service out ip saddr ${addressOf('a')} masquerade`;
    execFileSync('ip', ['netns', 'exec', network.node, 'nft', '-f', '-'], { input: service });
    expect([await reach('a', { address: '10.96.0.7', port: 8080 }), (await network.ask('a', { address: '10.96.0.8', port: 8080 }))[0]]).toEqual([true, 'silent']);
    network.run('nft delete table ip service');
    await remove('mute');
  });

  it('opens it to peers by label, by address without exceptions, and on named ports', async () => {
    const ingress = [{ from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ port: 'web' }] }, { from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['203.0.113.0/24', '10.244.0.0/16'] } }], ports: [{ port: 8000, endPort: 8100 }] }];
    await apply(policy('allow', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'], ingress }));
    expect([await reach('b'), await reach('remote'), await reach('outside'), await reach('stranger')]).toEqual([true, false, true, false]);
  });

  it('follows pods that come to fit by changing an element', async () => {
    const before = scripts.length;
    const remote = await cluster.client.get(core.pods, { namespace: 'default', name: 'remote' });
    await cluster.client.update(core.pods, { ...remote, metadata: { ...remote.metadata, labels: { app: 'b' } } });
    await settled();
    expect(await reach('remote')).toBe(true);
    expect(scripts.slice(before).join('')).toMatch(/^add element ip navarch-policy peers-\S+ \{ 10\.244\.1\.2 \}\n$/);
  });

  it('keeps a pod from sending, to others and to its node', async () => {
    await apply(policy('silent', { podSelector: { matchLabels: { app: 'b' } }, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] }));
    expect(await reach('b')).toBe(false);
    expect((await network.ask('b', { address: addressOf('outside'), port: 8080 }))[0]).toMatch(/^outside /);
    expect((await network.ask('b', { address: nodeAddress, port: 8080 }))[0]).toBe('silent');
  });

  it('keeps a new pod closed both ways until it is known by its address, but for probes of its node; one without a policy works from then on', async () => {
    await cluster.client.delete(core.pods, { namespace: 'default', name: 'b' }, { gracePeriodSeconds: 0 });
    await settled();
    const toB = { address: addressOf('b'), port: 8080 };
    const asked = [['b', { address: addressOf('outside'), port: 8080 }], ['b', { address: nodeAddress, port: 8080 }], ['remote', toB], ['a', toB], ['node', toB]] as const;
    const told = (): Promise<string[]> => Promise.all(asked.map(async ([from, target]) => (await network.ask(from, target))[0]?.split(' ')[0] ?? ''));
    expect(await told()).toEqual(['silent', 'silent', 'silent', 'silent', 'b']);
    await addPod('b', 'node-1', 'of no policy');
    await settled();
    expect(await told()).toEqual(['outside', network.node, 'b', 'b', 'b']);
  });

  it('opens everything with the last policy', async () => {
    for (const name of ['silent', 'allow', 'deny']) await remove(name);
    expect([await reach('b'), await reach('remote'), await reach('stranger')]).toEqual([true, true, true]);
    expect(network.run('nft list table ip navarch-policy')).not.toMatch(/peers-|policy-ingress/);
  });

  it('starts over from what a killed run left', async () => {
    await apply(policy('deny', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] }));
    const second = new PolicyEnforcer('node-1', {
      policies: cluster.informers.informer(networking.networkpolicies), pods: cluster.informers.informer(core.pods), namespaces: cluster.informers.informer(core.namespaces), clock: cluster.clock, log: silentLogger,
      runNft: (script) => Promise.resolve(void execFileSync('ip', ['netns', 'exec', network.node, 'nft', '-f', '-'], { input: script })),
    });
    await second.start();
    expect([await reach('b'), await reach('node')]).toEqual([false, true]);
    await second.stop();
    expect(await reach('b')).toBe(false);
  });
});
