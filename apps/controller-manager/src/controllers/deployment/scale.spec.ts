import type { appsv1 } from '@navarch/api';
import { isScalingEvent, scaleTo } from './proportional-scaling';
import { Rollout, scaleAnnotations } from './rollout';
import { countedStatus } from './status';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function deploymentOf(replicas: number, maxSurge: number): appsv1.Deployment {
  const template = { metadata: { labels: { app: 'web' } } };
  return { metadata: { name: 'web' }, spec: { replicas, selector: {}, template, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable: 1 } } } };
}

/** `v2:8` is of size 8, made after v1; `new:8` has the present template, and is the youngest. */
function replicaSetOf(text: string, noted: Record<string, string>): appsv1.ReplicaSet {
  const [name = '', size] = text.split(':');
  const age = name === 'new' ? 9 : Number(name.slice(1));
  return {
    metadata: { name, uid: name, creationTimestamp: `2025-12-0${age}T00:00:00Z`, annotations: noted },
    spec: { replicas: Number(size), selector: {}, template: { metadata: { labels: { app: name === 'new' ? 'web' : name } } } },
    status: { replicas: Number(size) },
  };
}

/** The rows of upstream's TestScale. */
describe('ReplicaSets of a Deployment that was scaled', () => {
  it.each<{ what: string; from: number; to: number; before: string; after: string; surge?: [number, number] }>([
    { what: 'are one that grows', from: 10, to: 12, before: 'new:10', after: 'new:12' },
    { what: 'are one that shrinks', from: 10, to: 5, before: 'new:10', after: 'new:5' },
    { what: 'grow in proportion', from: 5, to: 10, before: 'v1:3 new:2', after: 'v1:6 new:4' },
    { what: 'shrink in proportion', from: 5, to: 3, before: 'v1:3 new:2', after: 'v1:2 new:1' },
    { what: 'shrink to none in proportion', from: 9, to: 4, before: 'v1:1 new:8', after: 'v1:0 new:4' },
    { what: 'grow in proportion though there are three', from: 7, to: 10, before: 'v1:2 v2:3 new:2', after: 'v1:3 v2:4 new:3' },
    { what: 'shrink in proportion though there are three', from: 13, to: 8, before: 'v1:3 v2:8 new:2', after: 'v1:2 v2:5 new:1' },
    { what: 'give what is left over to the youngest of the largest', from: 3, to: 4, before: 'v1:1 v2:1 new:1', after: 'v1:1 v2:1 new:2' },
    { what: 'take what is left over from the oldest of the largest', from: 3, to: 2, before: 'v1:1 v2:1 new:1', after: 'v1:0 v2:1 new:1' },
    { what: 'grow where none is of the present template', from: 4, to: 5, before: 'v1:2 v2:2', after: 'v1:2 v2:3' },
    { what: 'shrink to nothing', from: 6, to: 0, before: 'v1:1 v2:2 new:3', after: 'v1:0 v2:0 new:0' },
    { what: 'grow from nothing, the new one alone', from: 6, to: 6, before: 'v1:0 v2:0 new:0', after: 'v1:0 v2:0 new:6' },
    { what: 'grow beyond the size by what may surge', from: 10, to: 20, surge: [2, 2], before: 'v1:6 new:6', after: 'v1:11 new:11' },
    { what: 'grow by another surge as well', from: 10, to: 50, surge: [3, 6], before: 'v1:8 new:5', after: 'v1:34 new:22' },
    { what: 'stay while the new one is as large as it should be and not available', from: 2, to: 2, surge: [1, 1], before: 'v1:1 new:2', after: 'v1:1 new:2' },
  ])('$what', ({ from, to, before, after, surge: [surgeBefore, surge] = [0, 0] }) => {
    const noted = scaleAnnotations(deploymentOf(from, surgeBefore));
    const rollout = new Rollout({ deployment: deploymentOf(to, surge), replicaSets: before.split(' ').map((text) => replicaSetOf(text, noted)), pods: new Map(), nowMs: NOW });
    scaleTo(rollout);
    expect(rollout.replicaSets.map(({ metadata, spec }) => `${metadata.name ?? ''}:${spec?.replicas ?? ''}`).join(' ')).toBe(after);
  });
});

/** By upstream's TestGetNonNegativeInt32FromAnnotation. */
describe('a size that was noted', () => {
  it.each([['2', false], ['3', true], ['0', true], ['2147483647', true], ['2147483648', false], ['-1', false], ['many', false], ['', false]])('as %p tells of a change: %p', (noted, changed) => {
    const replicaSets = [replicaSetOf('new:2', { 'deployment.kubernetes.io/desired-replicas': noted })];
    expect(isScalingEvent(new Rollout({ deployment: deploymentOf(2, 0), replicaSets, pods: new Map(), nowMs: NOW }))).toBe(changed);
  });
});

/** By upstream's TestGetReplicaCountForReplicaSets. */
describe('pods of a Deployment on their way out', () => {
  const synced = (terminatingReplicas?: number): appsv1.ReplicaSetStatus => ({ replicas: 1, observedGeneration: 1, ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }) });
  it.each([
    { what: 'are those of all', statuses: [synced(3), synced(1)], expected: 4 },
    { what: 'are none of a ReplicaSet that nobody has looked at', statuses: [synced(3), { replicas: 0 }], expected: 3 },
    { what: 'are not told if one does not tell', statuses: [synced(3), synced()], expected: undefined },
  ])('$what', ({ statuses, expected }) => {
    const replicaSets = statuses.map((status, at): appsv1.ReplicaSet => ({ ...replicaSetOf(`v${at + 1}:1`, {}), status }));
    expect(countedStatus(new Rollout({ deployment: deploymentOf(2, 1), replicaSets, pods: new Map(), nowMs: NOW })).terminatingReplicas).toBe(expected);
  });
});
