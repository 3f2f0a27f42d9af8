import { core, networking } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
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
});
