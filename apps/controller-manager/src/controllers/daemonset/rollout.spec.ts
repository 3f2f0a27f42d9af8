import type { appsv1, corev1 } from '@navarch/api';
import { planDaemonSet } from './sync';

const NOW = Date.parse('2026-01-01T01:00:00Z');

/** `a:old` is ready; `a:new!` is not; `a:old-` is on its way out. */
function podOf(text: string): corev1.Pod {
  const [, nodeName = '', hash = '', state = ''] = /^(\w):(\w+)([!-]?)$/.exec(text) ?? [];
  return {
    metadata: { name: `${nodeName}-${hash}`, labels: { 'controller-revision-hash': hash }, ...(state === '-' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { nodeName, containers: [] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: state === '!' ? 'False' : 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  };
}

/** `closed` takes no new pods, though what is there may stay. */
function plan(pods: string, rollingUpdate: appsv1.RollingUpdateDaemonSet, closed?: string): string {
  const daemonSet: appsv1.DaemonSet = { metadata: { name: 'agent' }, spec: { selector: {}, template: {}, updateStrategy: { type: 'RollingUpdate', rollingUpdate } } };
  const nodes = ['a', 'b', 'c', 'd'].map((name): corev1.Node => ({ metadata: { name }, ...(name === closed ? { spec: { taints: [{ key: 'closed', effect: 'NoSchedule' }] } } : {}) }));
  const { create, remove } = planDaemonSet({ daemonSet, nodes, pods: pods.split(' ').map(podOf), hash: 'new', nowMs: NOW, backOffMs: () => 0 });
  return [...create.map((node) => `+${node}`), ...remove.map(({ metadata }) => `-${metadata.name ?? ''}`)].join(' ');
}

describe('the next step of a DaemonSet', () => {
  const one = { maxUnavailable: 1, maxSurge: 0 };
  const surge = { maxUnavailable: 0, maxSurge: 1 };
  it.each<{ what: string; pods: string; limits: appsv1.RollingUpdateDaemonSet; closed?: string; expected: string }>([
    { what: 'is first a pod on every node', pods: 'a:old b:old', limits: one, expected: '+c +d' },
    { what: 'replaces one old pod', pods: 'a:old b:old c:old d:old', limits: one, expected: '-a-old' },
    { what: 'replaces none while one is not ready', pods: 'a:new! b:old c:old d:old', limits: one, expected: '' },
    { what: 'replaces none while one goes', pods: 'a:old- b:old c:old d:old', limits: one, expected: '' },
    { what: 'replaces an old one that is not ready in any case', pods: 'a:new! b:old! c:old d:old', limits: one, expected: '-b-old' },
    { what: 'replaces a share of them, rounded up', pods: 'a:old b:old c:old d:old', limits: { maxUnavailable: '30%', maxSurge: 0 }, expected: '-a-old -b-old' },
    { what: 'puts a new one beside an old one', pods: 'a:old b:old c:old d:old', limits: surge, expected: '+a' },
    { what: 'puts no more beside old ones than may surge', pods: 'a:old a:new! b:old c:old d:old', limits: surge, expected: '' },
    { what: 'removes the old one when its successor is available', pods: 'a:old a:new b:old c:old d:old', limits: surge, expected: '-a-old' },
    { what: 'removes an old one that is not ready though its successor is not either', pods: 'a:old! a:new! b:old c:old d:old', limits: surge, expected: '-a-old' },
    { what: 'puts a new one where the old one is on its way out, beyond what may surge', pods: 'a:old a:new! b:old- c:old d:old', limits: surge, expected: '+b' },
    { what: 'puts no new one on a node that takes none, and removes an old one there that is one too many', pods: 'a:old b:old c:old d:old', limits: surge, closed: 'a', expected: '+b -a-old' },
    { what: 'leaves the old one there while others are not available', pods: 'a:old b:new! c:new d:new', limits: surge, closed: 'a', expected: '' },
    { what: 'removes the old one there when it is not available', pods: 'a:old! b:new! c:new d:new', limits: surge, closed: 'a', expected: '-a-old' },
    { what: 'is none when all are new', pods: 'a:new b:new c:new d:new', limits: one, expected: '' },
  ])('$what', ({ pods, limits, closed, expected }) => expect(plan(pods, limits, closed)).toBe(expected));

  it.each<{ what: string; rollingUpdate: appsv1.RollingUpdateDaemonSet; expected: [number, number] }>([
    { what: 'makes', rollingUpdate: { maxUnavailable: 0, maxSurge: '100%' }, expected: [250, 0] },
    { what: 'removes', rollingUpdate: { maxUnavailable: '100%', maxSurge: 0 }, expected: [0, 250] },
  ])('$what 250 pods at most', ({ rollingUpdate, expected }) => {
    const names = Array.from({ length: 260 }, (_, index) => `n${index}`);
    const daemonSet: appsv1.DaemonSet = { metadata: { name: 'agent' }, spec: { selector: {}, template: {}, updateStrategy: { type: 'RollingUpdate', rollingUpdate } } };
    const pods = names.map((nodeName): corev1.Pod => ({ ...podOf('a:old'), spec: { nodeName, containers: [] } }));
    const { create, remove } = planDaemonSet({ daemonSet, nodes: names.map((name) => ({ metadata: { name } })), pods, hash: 'new', nowMs: NOW, backOffMs: () => 0 });
    expect([create.length, remove.length]).toEqual(expected);
  });
});
