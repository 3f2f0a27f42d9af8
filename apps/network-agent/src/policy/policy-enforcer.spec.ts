import { core, networking } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
import { filterDeclaration, filterQuestions } from './filter-state';
import { PolicyEnforcer } from './policy-enforcer';

describe('PolicyEnforcer', () => {
  it('says that a range is guarded when the kernel has taken the rules that were made with it', async () => {
    const cluster = new SimulatedCluster();
    const { informers, client, clock } = cluster;
    const scripts: string[] = [];
    let take = (): void => undefined;
    const runNft = (script: string): Promise<void> => {
      scripts.push(script);
      return scripts.length <= 2 ? Promise.resolve() : new Promise((resolve) => (take = resolve));
    };
    const enforcer = new PolicyEnforcer('node-1', {
      policies: informers.informer(networking.networkpolicies), pods: informers.informer(core.pods), namespaces: informers.informer(core.namespaces), nodes: informers.informer(core.nodes), runNft, clock, log: silentLogger,
    });
    await cluster.start();
    await client.create(networking.networkpolicies, { metadata: { name: 'deny', namespace: 'default' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } });
    await client.create(core.nodes, { metadata: { name: 'node-1' } });
    await cluster.settle();
    await enforcer.start();
    let guarded = false;
    const waiting = enforcer.guarded(['10.244.0.0/24']).then(() => (guarded = true));
    await client.patch(core.nodes, { namespace: '', name: 'node-1' }, 'merge', { spec: { podCIDRs: ['10.244.0.0/24'] } });
    await cluster.settle();
    await clock.advance(20);
    await cluster.settle();
    expect([guarded, scripts.at(-1)]).toEqual([false, 'add element ip navarch-policy ingress-closed { 10.244.0.0/24 }\n']);
    take();
    await waiting;
    await enforcer.stop();
    await cluster.stop();
  });

  it('puts everything back when the rules were thrown away while a change was being put in force', async () => {
    const cluster = new SimulatedCluster();
    const { informers, client, clock } = cluster;
    const scripts: string[] = [];
    let flushed = false;
    let changes: Promise<void> | undefined;
    const runNft = (script: string): Promise<void> => {
      if (filterQuestions.includes(script)) return flushed ? Promise.reject(new Error('No such file or directory')) : Promise.resolve();
      scripts.push(script);
      return changes ?? Promise.resolve();
    };
    const enforcer = new PolicyEnforcer('node-1', { policies: informers.informer(networking.networkpolicies), pods: informers.informer(core.pods), namespaces: informers.informer(core.namespaces), runNft, clock, log: silentLogger });
    await cluster.start();
    await enforcer.start();
    let take = (): void => undefined;
    changes = new Promise((resolve) => (take = resolve));
    await client.create(core.pods, { metadata: { name: 'web', namespace: 'default' }, spec: { nodeName: 'node-1', containers: [] }, status: { podIP: '10.244.0.2', podIPs: [{ ip: '10.244.0.2' }] } });
    await client.create(networking.networkpolicies, { metadata: { name: 'deny', namespace: 'default' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } });
    await cluster.settle();
    await clock.advance(20);
    await cluster.settle();
    const before = scripts.length;
    flushed = true;
    await clock.advance(30_000);
    await cluster.settle();
    [flushed, changes] = [false, undefined];
    take();
    await cluster.settle();
    await clock.advance(20);
    await cluster.settle();
    const since = scripts.slice(before).join('');
    for (const family of ['ip', 'ip6'] as const) expect(since).toContain(filterDeclaration(family).join('\n'));
    await enforcer.stop();
    await cluster.stop();
  });
});
