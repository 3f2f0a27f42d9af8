import type { corev1 } from '@navarch/api';
import * as fc from 'fast-check';
import { isPodAvailable, untilAvailableMs } from './pod-conditions';
import { podTemplateHash, sameTemplate } from './pod-template-hash';
import { rankActivePods, rankForDeletion } from './rank-for-deletion';

const now = Date.parse('2026-01-01T01:00:00Z');
const at = (secondsAgo: number): string => new Date(now - secondsAgo * 1000).toISOString();

interface Facts {
  name: string;
  node?: string;
  phase?: string;
  readySecondsAgo?: number;
  age?: number;
  restarts?: number;
  cost?: string;
  sidecarRestarts?: number;
}
const pod = ({ name, node, phase = 'Running', readySecondsAgo, age = 1000, restarts = 0, cost, sidecarRestarts = 0 }: Facts): corev1.Pod => ({
  metadata: { name, uid: name, creationTimestamp: at(age), ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }) },
  spec: { containers: [], initContainers: [{ name: 's', restartPolicy: 'Always' }], ...(node === undefined ? {} : { nodeName: node }) },
  status: {
    phase,
    conditions: readySecondsAgo === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: at(readySecondsAgo) }],
    containerStatuses: [{ name: 'c', restartCount: restarts, ready: readySecondsAgo !== undefined, image: '', imageID: '' }],
    initContainerStatuses: [{ name: 's', restartCount: sidecarRestarts, ready: true, image: '', imageID: '' }],
  },
});

describe('deletion ranking', () => {
  it.each<{ reason: string; first: Facts; second: Facts }>([
    { reason: 'not assigned before assigned', first: { name: 'a' }, second: { name: 'b', node: 'n' } },
    { reason: 'pending before running', first: { name: 'a', node: 'n', phase: 'Pending' }, second: { name: 'b', node: 'n' } },
    { reason: 'not ready before ready', first: { name: 'a', node: 'n' }, second: { name: 'b', node: 'n', readySecondsAgo: 10 } },
    { reason: 'cheaper before dearer', first: { name: 'a', node: 'n', readySecondsAgo: 500, cost: '-1' }, second: { name: 'b', node: 'n', readySecondsAgo: 10 } },
    { reason: 'doubled on a node before alone', first: { name: 'doubled', node: 'n', readySecondsAgo: 500 }, second: { name: 'b', node: 'm', readySecondsAgo: 10 } },
    { reason: 'ready for less time before longer', first: { name: 'a', node: 'n', readySecondsAgo: 10 }, second: { name: 'b', node: 'n', readySecondsAgo: 500 } },
    { reason: 'more restarts before fewer', first: { name: 'a', node: 'n', readySecondsAgo: 10, restarts: 3 }, second: { name: 'b', node: 'n', readySecondsAgo: 10 } },
    { reason: 'more restarts before more of a sidecar', first: { name: 'b', node: 'n', readySecondsAgo: 10, restarts: 3 }, second: { name: 'a', node: 'n', readySecondsAgo: 10, restarts: 2, sidecarRestarts: 9 } },
    { reason: 'more restarts of a sidecar before fewer', first: { name: 'b', node: 'n', readySecondsAgo: 10, sidecarRestarts: 9 }, second: { name: 'a', node: 'n', readySecondsAgo: 10 } },
    { reason: 'the lower uid where they became ready at about the same time, whatever the restarts', first: { name: 'a', node: 'n', readySecondsAgo: 1000 }, second: { name: 'b', node: 'n', readySecondsAgo: 700, restarts: 3 } },
    { reason: 'the lower uid of about the same age', first: { name: 'a', node: 'n', readySecondsAgo: 10, age: 1000 }, second: { name: 'b', node: 'n', readySecondsAgo: 10, age: 700 } },
    { reason: 'ages by powers of two of nanoseconds', first: { name: 'a', node: 'n', readySecondsAgo: 530 }, second: { name: 'b', node: 'n', readySecondsAgo: 500 } },
    { reason: 'younger before older', first: { name: 'a', node: 'n', readySecondsAgo: 10, age: 20 }, second: { name: 'b', node: 'n', readySecondsAgo: 10, age: 2000 } },
  ])('puts $reason', ({ first, second }) => {
    const rank = ({ metadata }: corev1.Pod): number => (metadata.name === 'doubled' ? 2 : 1);
    for (const order of [[first, second], [second, first]]) expect(rankForDeletion(order.map(pod), rank, now)[0]?.metadata.name).toBe(first.name);
  });

  it.each<{ reason: string; first: Facts; second: Facts }>([
    { reason: 'ready for less time before longer, by the second', first: { name: 'b', node: 'n', readySecondsAgo: 999, cost: '1' }, second: { name: 'a', node: 'n', readySecondsAgo: 1000, restarts: 3, cost: '-1' } },
    { reason: 'younger before older, by the second', first: { name: 'b', node: 'n', age: 999 }, second: { name: 'a', node: 'n', age: 1000 } },
    { reason: 'not ready before ready', first: { name: 'b', node: 'n' }, second: { name: 'a', node: 'n', readySecondsAgo: 10 } },
  ])('of a Job puts $reason', ({ first, second }) => {
    for (const order of [[first, second], [second, first]]) expect(rankActivePods(order.map(pod))[0]?.metadata.name).toBe(first.name);
  });
});

describe('availability', () => {
  it('needs readiness for as long as asked', () => {
    const ready = pod({ name: 'a', readySecondsAgo: 10 });
    expect(isPodAvailable(ready, 0, now)).toBe(true);
    expect(isPodAvailable(ready, 10, now)).toBe(true);
    expect(isPodAvailable(ready, 11, now)).toBe(false);
    expect(untilAvailableMs(ready, 12, now)).toBe(2_000);
    expect(untilAvailableMs(pod({ name: 'b' }), 12, now)).toBeUndefined();
  });
});

describe('template hashes', () => {
  const template: corev1.PodTemplateSpec = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };

  it('do not depend on the order of keys, and change with content and collisions', () => {
    const swapped: corev1.PodTemplateSpec = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { app: 'web' } } };
    expect(podTemplateHash(swapped)).toBe(podTemplateHash(template));
    expect(podTemplateHash({ ...template, spec: { containers: [{ name: 'c', image: 'j' }] } })).not.toBe(podTemplateHash(template));
    expect(podTemplateHash(template, 1)).not.toBe(podTemplateHash(template));
    expect(podTemplateHash(template)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
  });

  it('are ignored when templates are compared', () => {
    fc.assert(fc.property(fc.string(), (hash) => {
      const labelled = { ...template, metadata: { labels: { app: 'web', 'pod-template-hash': hash } } };
      expect(sameTemplate(template, labelled)).toBe(true);
    }));
    expect(sameTemplate(template, { ...template, metadata: { labels: { app: 'db' } } })).toBe(false);
  });
});
