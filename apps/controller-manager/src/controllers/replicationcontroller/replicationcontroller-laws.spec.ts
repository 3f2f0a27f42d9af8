import type { corev1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import fc from 'fast-check';
import { planReplicaSet, replicaSetStatus } from '../replicaset/sync';
import { replicationControllers } from './controller';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const label = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const pod = fc.record({ node: fc.constantFrom('', 'n1', 'n2'), phase: fc.constantFrom('Pending', 'Running'), ready: fc.boolean(), cost: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }) });
const pods = fc.array(pod, { maxLength: 12 }).map((all) => all.map(({ node, phase, ready, cost }, index): corev1.Pod => ({
  metadata: { name: `p${index}`, uid: `p${index}`, creationTimestamp: '2026-03-01T11:00:00Z', labels: { app: 'a' }, ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': `${cost}` } }) },
  spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
  status: { phase, conditions: [{ type: 'Ready', status: ready && phase === 'Running' ? 'True' : 'False', lastTransitionTime: '2026-03-01T11:30:00Z' }] },
})));
const controllerOf = (replicas: number | undefined, more: Partial<corev1.ReplicationControllerSpec> = {}): corev1.ReplicationController => ({
  metadata: { name: 'web', generation: 3 }, spec: { ...(replicas === undefined ? {} : { replicas }), template: { metadata: { labels: { app: 'a' } }, spec: { containers: [] } }, ...more },
});
const { asReplicaSet, withStatus } = replicationControllers;

describe('a ReplicationController', () => {
  it('selects by its selector alone, and by the labels of its template when it has none', () => {
    fc.assert(fc.property(fc.option(label, { nil: undefined }), label, label, (selector, ofTemplate, ofPod) => {
      const controller = controllerOf(1, { template: { metadata: { labels: ofTemplate }, spec: { containers: [] } }, ...(selector === undefined ? {} : { selector }) });
      const wanted = selector ?? ofTemplate;
      expect(matchesLabelSelector(asReplicaSet(controller).spec?.selector, ofPod)).toBe(Object.entries(wanted).every(([name, value]) => ofPod[name] === value));
    }));
  });

  it('makes or removes just as many pods as it takes, never both, and those first that are worth the least', () => {
    fc.assert(fc.property(fc.option(fc.nat(15), { nil: undefined }), pods, (replicas, active) => {
      const { create, remove, more } = planReplicaSet({ replicaSet: asReplicaSet(controllerOf(replicas)), active, related: active, nowMs });
      expect(active.length + create - remove.length).toBe(replicas ?? 1);
      expect([Math.min(create, remove.length), more]).toEqual([0, false]);
      expect(new Set(remove).size).toBe(remove.length);
      const kept = active.filter((one) => !remove.includes(one));
      const isBound = ({ spec }: corev1.Pod): boolean => spec?.nodeName !== undefined;
      // A pod that has a node goes only when all without one go.
      if (remove.some(isBound)) expect(kept.every(isBound)).toBe(true);
      expect(planReplicaSet({ replicaSet: { ...asReplicaSet(controllerOf(replicas)), metadata: { deletionTimestamp: 'x' } }, active, related: active, nowMs })).toEqual({ create: 0, remove: [], more: false });
    }));
  });

  it('says in its status how many there are, ready and available, and nothing of those on their way out', () => {
    fc.assert(fc.property(pods, fc.nat(3), fc.boolean(), (active, terminating, isFailing) => {
      const failure = { reason: 'FailedCreate' as const, message: 'no' };
      const controller = controllerOf(5);
      const { status = { replicas: 0 } } = withStatus(controller, replicaSetStatus({ replicaSet: asReplicaSet(controller), active, terminating, nowMs, ...(isFailing ? { failure } : {}) }));
      expect(status).not.toHaveProperty('terminatingReplicas');
      const { replicas, readyReplicas = 0, availableReplicas = 0, fullyLabeledReplicas = 0 } = status;
      expect([replicas, fullyLabeledReplicas]).toEqual([active.length, active.length]);
      expect(readyReplicas).toBe(active.filter(({ status: own }) => own?.conditions?.[0]?.status === 'True').length);
      expect(availableReplicas).toBe(readyReplicas);
      expect(status.conditions ?? []).toHaveLength(isFailing ? 1 : 0);
    }));
  });
});
