import { defaultsFor } from '../defaulting/defaults-for';
import type { KubeObject } from '../kube-object';
import { strategyFor } from '../strategy/strategy-for';
import { type StrategyContext } from '../strategy/types';

const context: StrategyContext = { userName: 'jane', nowMs: 0, warn: () => undefined };
const many = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => one(index));

/** What an object and its successor are told, where nothing but a label changes. */
function updated(group: string, version: string, kind: string, resource: string, parts: object): string[] {
  const { strategy } = strategyFor(group, resource)!;
  const old = { metadata: { name: 'a', uid: 'u', namespace: 'default', resourceVersion: '1' }, ...structuredClone(parts) } as KubeObject;
  defaultsFor(group, version, kind)?.(old);
  const next = structuredClone(old);
  next.metadata.labels = { a: 'b' };
  strategy.prepareForUpdate?.(next, old, context);
  return [...strategy.validate?.(next, context) ?? [], ...strategy.validateUpdate?.(next, old, context) ?? []].map(({ message }) => message);
}

// The rules of built-in kinds run on the thread that serves everybody (ADR 11): whatever compares all items of a list with all others would not end in a test's time.
describe('lists of thousands', () => {
  const container = { name: 'main', image: 'app:1' };

  it('of tolerations, in an update of a pod', () => {
    const tolerations = many(16_000, (index) => ({ key: `k${index}`, operator: 'Exists' }));
    expect(updated('', 'v1', 'Pod', 'pods', { spec: { containers: [container], tolerations } })).toEqual([]);
  });

  it('of conditions of one type, in the status of a pod', () => {
    const strategy = strategyFor('', 'pods')!.subresources['status']!;
    const pod = (observedGeneration?: number): KubeObject =>
      ({
        metadata: { name: 'a', namespace: 'default' },
        spec: { containers: [container] },
        status: { conditions: many(30_000, () => ({ type: 'a', status: 'True', ...(observedGeneration ? { observedGeneration } : {}) })) },
      }) as unknown as KubeObject;
    const next = pod();
    strategy.prepareForUpdate?.(next, pod(7), context);
    expect(new Set((next as unknown as { status: { conditions: { observedGeneration?: number }[] } }).status.conditions.map(({ observedGeneration }) => observedGeneration))).toEqual(new Set([7]));
  });

  it('of variables out of files, beside as many volumes', () => {
    const env = many(9000, (index) => ({ name: `E${index}`, valueFrom: { fileKeyRef: { key: 'K', volumeName: 'v0', path: 'file' } } }));
    const volumes = many(30_000, (index) => ({ name: `v${index}`, emptyDir: {} }));
    expect(updated('', 'v1', 'Pod', 'pods', { spec: { containers: [{ ...container, env }], volumes } })).toEqual([]);
  });

  it('of addresses of endpoints', () => {
    const endpoints = many(1000, (i) => ({ addresses: many(90, (j) => `10.${i >> 8}.${i & 255}.${j + 1}`) }));
    expect(updated('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices', { addressType: 'IPv4', endpoints, ports: [] })).toEqual([]);
  });

  it('of queues of a priority level, which are only a number', () => {
    const spec = { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Queue', queuing: { queues: 2_147_483_647, handSize: 2_147_483_647, queueLengthLimit: 1 } } } };
    expect(updated('flowcontrol.apiserver.k8s.io', 'v1', 'PriorityLevelConfiguration', 'prioritylevelconfigurations', { spec })).toContainEqual(expect.stringContaining('must not be greater than'));
  });
});
