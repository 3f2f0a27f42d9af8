import type { corev1, resourcev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import type { TrackedTaint } from './device-taints';
import { deviceEviction } from './sync';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const key = fc.constantFrom('a', 'b');
const effect = fc.constantFrom('NoExecute', 'NoSchedule');
const taint = fc.record({ key, effect, addedSecondsAgo: fc.option(fc.nat(100), { nil: undefined }), rule: fc.option(fc.constantFrom('r1', 'r2'), { nil: undefined }) });
type Taint = typeof taint extends fc.Arbitrary<infer T> ? T : never;
/** The operator is Exists: what a value may be is told in tables. */
const toleration = fc.record({ key: fc.option(key, { nil: undefined }), effect: fc.option(effect, { nil: undefined }), seconds: fc.option(fc.oneof(fc.constant(-30), fc.nat(200)), { nil: undefined, freq: 4 }) });
type Toleration = typeof toleration extends fc.Arbitrary<infer T> ? T : never;

const pod: corev1.Pod = { metadata: { namespace: 'default', name: 'p', uid: 'p' }, spec: { nodeName: 'n', containers: [], resourceClaims: [{ name: 'c', resourceClaimName: 'c' }] } };
const claim = (tolerations: readonly Toleration[], reservedFor = 'p'): resourcev1.ResourceClaim => ({
  metadata: { namespace: 'default', name: 'c' }, spec: {},
  status: {
    reservedFor: [{ resource: 'pods', name: 'p', uid: reservedFor }],
    allocation: { devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device: 'd1', tolerations: tolerations.map((one) => ({ operator: 'Exists', ...(one.key === undefined ? {} : { key: one.key }), ...(one.effect === undefined ? {} : { effect: one.effect }), ...(one.seconds === undefined ? {} : { tolerationSeconds: one.seconds }) })) }] } },
  },
});
const tracked = ({ key: of, effect: does, addedSecondsAgo, rule }: Taint): TrackedTaint => ({
  taint: { key: of, effect: does, ...(addedSecondsAgo === undefined ? {} : { timeAdded: formatTime(nowMs - addedSecondsAgo * 1000) }) },
  ...(rule === undefined ? {} : { rule: { metadata: { name: rule, uid: rule }, spec: { taint: { key: of, effect: does } } } }),
});
const evicted = (taints: readonly Taint[], tolerations: readonly Toleration[], of = pod, reservedFor = 'p') => deviceEviction(of, () => claim(tolerations, reservedFor), () => taints.map(tracked), nowMs);

const taints = fc.array(taint, { maxLength: 4 });
const tolerations = fc.array(toleration, { maxLength: 4 });

describe('when a pod gives up its devices', () => {
  it('is when the first taint that is not tolerated for good has been there as long as it may', () => {
    fc.assert(fc.property(taints, tolerations, (given, tolerated) => {
      const times = given.filter((one) => one.effect === 'NoExecute').flatMap((one) => {
        const covering = tolerated.filter((other) => other.effect === 'NoExecute' && (other.key === undefined || other.key === one.key));
        if (covering.some(({ seconds }) => seconds === undefined)) return [];
        const allowed = Math.min(...covering.map(({ seconds = 0 }) => Math.max(0, seconds)), ...(covering.length === 0 ? [0] : []));
        return [{ at: nowMs + (allowed - (one.addedSecondsAgo ?? 0)) * 1000, rule: one.rule }];
      });
      const eviction = evicted(given, tolerated);
      expect(eviction?.atMs).toBe(times.length === 0 ? undefined : Math.min(...times.map(({ at }) => at)));
      if (eviction) expect([...eviction.rules].sort()).toEqual([...new Set(times.flatMap(({ rule }) => rule ?? []))].sort());
    }));
  });

  it('comes no later with another taint, and goes when all is tolerated', () => {
    fc.assert(fc.property(taints, taint, tolerations, (given, more, tolerated) => {
      const [before, after] = [evicted(given, tolerated)?.atMs ?? Infinity, evicted([...given, more], tolerated)?.atMs ?? Infinity];
      expect(after).toBeLessThanOrEqual(before);
      expect(evicted(given, [...tolerated, { key: undefined, effect: 'NoExecute', seconds: undefined }])).toBeUndefined();
    }));
  });

  it('is never for a pod without a node, one that is ending, or one that the claim is not reserved for', () => {
    fc.assert(fc.property(taints, tolerations, (given, tolerated) => {
      const { spec, metadata } = pod;
      expect(evicted(given, tolerated, { metadata, spec: { containers: [], resourceClaims: spec?.resourceClaims ?? [] } })).toBeUndefined();
      expect(evicted(given, tolerated, { spec: spec ?? { containers: [] }, metadata: { ...metadata, deletionTimestamp: formatTime(nowMs) } })).toBeUndefined();
      expect(evicted(given, tolerated, pod, 'another')).toBeUndefined();
    }));
  });
});
