import { addAmounts, core, formatAmounts, maskAmounts, parseAmounts, type corev1, type KubeObject } from '@navarch/api';
import fc from 'fast-check';
import type { AnyResource } from '../../resource-types';
import { mayReplenish } from './replenishment';
import { quotaStatus } from './sync';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const pod = fc.record({ cpu: fc.integer({ min: 0, max: 4 }), memory: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }), phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed') })
  .map(({ cpu, memory, phase }): corev1.Pod => ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c', resources: { requests: { cpu: `${cpu}`, ...(memory === undefined ? {} : { memory: `${memory}Mi` }) } } }] }, status: { phase } }));
const service = fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer').map((type): corev1.Service => ({ metadata: { name: 's' }, spec: { type, ports: [{ port: 80 }] } }));
const hard = fc.subarray(['pods', 'requests.cpu', 'requests.memory', 'count/pods', 'services', 'services.nodeports', 'services.loadbalancers', 'count/ships.example.com'], { minLength: 1 });

const [pods, services] = [core.pods, core.services] as unknown as readonly [AnyResource, AnyResource];
const counted = (ofPods: readonly KubeObject[], ofServices: readonly KubeObject[]) => [{ type: pods, objects: ofPods }, { type: services, objects: ofServices }];
const quota = (limited: readonly string[], status?: corev1.ResourceQuotaStatus): corev1.ResourceQuota => ({
  metadata: { name: 'q' },
  spec: { hard: Object.fromEntries(limited.map((name) => [name, '10'])) },
  ...(status === undefined ? {} : { status }),
});
const usedOf = (limited: readonly string[], ofPods: readonly KubeObject[], ofServices: readonly KubeObject[]): Record<string, string> => ({ ...quotaStatus({ quota: quota(limited), counted: counted(ofPods, ofServices), nowMs })?.used });

describe('what a quota says is used', () => {
  it('is of what it limits and nothing else, in whatever order it is counted, and is written once', () => {
    fc.assert(fc.property(hard, fc.array(pod, { maxLength: 5 }), fc.array(service, { maxLength: 5 }), (limited, ofPods, ofServices) => {
      const status = quotaStatus({ quota: quota(limited), counted: counted(ofPods, ofServices), nowMs });
      const known = limited.filter((name) => name !== 'count/ships.example.com');
      expect(Object.keys(status?.used ?? {}).sort()).toEqual([...known].sort());
      expect(usedOf(limited, [...ofPods].reverse(), [...ofServices].reverse())).toEqual(status?.used);
      expect(quotaStatus({ quota: quota(limited, status), counted: [...counted(ofPods, ofServices)].reverse(), nowMs })).toBeUndefined();
    }));
  });

  it('is the sum of what its parts use, and none for pods that have ended', () => {
    fc.assert(fc.property(hard, fc.array(pod, { maxLength: 5 }), fc.array(pod, { maxLength: 5 }), (limited, one, other) => {
      const isCharged = ({ status }: corev1.Pod): boolean => status?.phase === 'Pending' || status?.phase === 'Running';
      const [a, b, both] = [usedOf(limited, one, []), usedOf(limited, other, []), usedOf(limited, [...one, ...other], [])].map((used) => parseAmounts(used));
      for (const [name, amount] of both ?? []) expect(formatAmounts(new Map([[name, amount]]))).toEqual(formatAmounts(sum(name, a, b)));
      if (limited.includes('pods')) expect(usedOf(limited, one, [])['pods']).toBe(`${one.filter(isCharged).length}`);
      // Their number as objects counts whatever became of them.
      if (limited.includes('count/pods')) expect(usedOf(limited, one, [])['count/pods']).toBe(`${one.length}`);
    }));
  });

  it('is counted anew at once when a pod has ended or costs less', () => {
    fc.assert(fc.property(pod, pod, (before, after) => {
      const changed = { ...after, metadata: { ...after.metadata, generation: 2 } };
      const cost = (one: corev1.Pod): Record<string, string> => usedOf(['pods', 'requests.cpu', 'requests.memory'], [one], []);
      if (mayReplenish(pods, before, changed, nowMs)) return;
      // What did not wake the quota has changed nothing that it counts.
      expect(cost(after)).toEqual(cost(before));
    }));
  });
});

function sum(name: string, a: ReturnType<typeof parseAmounts> | undefined, b: ReturnType<typeof parseAmounts> | undefined): ReturnType<typeof parseAmounts> {
  return maskAmounts(addAmounts(a ?? new Map(), b ?? new Map()), [name]);
}
