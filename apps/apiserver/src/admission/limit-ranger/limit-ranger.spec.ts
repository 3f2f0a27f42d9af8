import { core, type corev1 } from '@navarch/api';
import { aPod } from '@navarch/testing';
import { anAdmission } from '../../testing/admission-attributes';
import { admit } from '../../testing/admit';
import { ObjectTable } from '../../testing/object-table';
import { LimitRanger } from './limit-ranger';

const range = (...limits: corev1.LimitRangeItem[]): corev1.LimitRange => ({ metadata: { name: 'limits', namespace: 'default' }, spec: { limits } });
const plugin = (...ranges: corev1.LimitRange[]): LimitRanger => new LimitRanger(new ObjectTable().put(core.limitranges, ...ranges));
const pod = (requests: Record<string, string>, limits: Record<string, string> = {}): corev1.Pod => aPod().with(({ spec }) => (spec.containers = [{ name: 'a', resources: { requests, limits } }])).build();
const claim = (storage: string): corev1.PersistentVolumeClaim => ({ metadata: { name: 'data', namespace: 'default' }, spec: { resources: { requests: { storage } } } });

it('fills in what containers do not say, and notes it', async () => {
  const object = aPod().with(({ spec }) => {
    spec.containers = [{ name: 'a' }, { name: 'b', resources: { limits: { cpu: '2' }, requests: { cpu: '1' } } }];
    spec.initContainers = [{ name: 'i', resources: { requests: { memory: '1Mi' } } }];
  }).build();
  expect(await admit(plugin(range({ type: 'Container', default: { cpu: '500m', memory: '1Gi' }, defaultRequest: { cpu: '100m', memory: '64Mi' } })), anAdmission(object))).toBe('');
  expect(object.spec.containers[0]?.resources).toEqual({ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m', memory: '64Mi' } });
  expect(object.spec.containers[1]?.resources).toEqual({ limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '1', memory: '64Mi' } });
  expect(object.spec.initContainers?.[0]?.resources?.requests).toEqual({ memory: '1Mi', cpu: '100m' });
  expect(object.metadata.annotations?.['kubernetes.io/limit-ranger']).toBe(
    'LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; memory request for container b; memory limit for container b; cpu request for init container i; cpu, memory limit for init container i',
  );
});

it.each<{ reason: string; item: corev1.LimitRangeItem; object: corev1.Pod; refusal: string }>([
  { reason: 'within', item: { type: 'Container', min: { cpu: '50m' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '4' } }, object: pod({ cpu: '500m' }, { cpu: '1' }), refusal: '' },
  { reason: 'less than the least', item: { type: 'Container', min: { cpu: '100m' } }, object: pod({ cpu: '50m' }), refusal: 'minimum cpu usage per Container is 100m, but request is 50m' },
  { reason: 'nothing where there is a least', item: { type: 'Container', min: { memory: '1Gi' } }, object: pod({}), refusal: 'minimum memory usage per Container is 1Gi.  No request is specified' },
  { reason: 'a limit below the least', item: { type: 'Container', min: { cpu: '1' } }, object: pod({ cpu: '1' }, { cpu: '500m' }), refusal: 'minimum cpu usage per Container is 1, but limit is 500m' },
  { reason: 'more than the most', item: { type: 'Container', max: { cpu: '1' } }, object: pod({ cpu: '1' }, { cpu: '2' }), refusal: 'maximum cpu usage per Container is 1, but limit is 2' },
  { reason: 'no limit where there is a most', item: { type: 'Container', max: { cpu: '1' } }, object: pod({ cpu: '1' }), refusal: 'maximum cpu usage per Container is 1.  No limit is specified' },
  { reason: 'too wide a span', item: { type: 'Container', maxLimitRequestRatio: { cpu: '1500m' } }, object: pod({ cpu: '1' }, { cpu: '3' }), refusal: 'cpu max limit to request ratio per Container is 1500m, but provided ratio is 3.000000' },
  { reason: 'a span without an end', item: { type: 'Container', maxLimitRequestRatio: { cpu: '2' } }, object: pod({ cpu: '1' }), refusal: 'cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0' },
  { reason: 'too much in all', item: { type: 'Pod', max: { cpu: '1' } }, object: aPod().with(({ spec }) => { spec.containers = ['a', 'b'].map((name) => ({ name, resources: { requests: { cpu: '600m' }, limits: { cpu: '600m' } } })); spec.overhead = { cpu: '9' }; }).build(), refusal: 'maximum cpu usage per Pod is 1, but limit is 1200m' },
  { reason: 'two faults', item: { type: 'Container', min: { cpu: '1' }, max: { memory: '1Gi' } }, object: pod({ cpu: '500m', memory: '2Gi' }, { memory: '2Gi' }), refusal: '[minimum cpu usage per Container is 1, but request is 500m, maximum memory usage per Container is 1Gi, but limit is 2Gi]' },
  { reason: 'a range of other things', item: { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }, object: pod({ cpu: '1' }), refusal: '' },
])('a pod with $reason', async ({ item, object, refusal }) => {
  expect(await admit(plugin(range(item)), anAdmission(object))).toBe(refusal === '' ? '' : `pods "pod" is forbidden: ${refusal}`);
});

it.each([
  { storage: '500Mi', refusal: 'persistentvolumeclaims "data" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi' },
  { storage: '11Gi', refusal: 'persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 11Gi' },
  { storage: '10Gi', refusal: '' },
])('a claim of $storage', async ({ storage, refusal }) => {
  const limits = plugin(range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } }));
  expect(await admit(limits, anAdmission(claim(storage), { resource: 'persistentvolumeclaims' }))).toBe(refusal);
  expect(await admit(limits, anAdmission(claim(storage), { resource: 'persistentvolumeclaims', operation: 'UPDATE', oldObject: claim('1Gi') }))).toBe(refusal);
});

it('looks at a resize, and not at other changes of pods nor at what is going', async () => {
  const limits = plugin(range({ type: 'Container', max: { cpu: '1' } }));
  const resize = anAdmission(pod({ cpu: '2' }, { cpu: '2' }), { operation: 'UPDATE', subresource: 'resize' });
  expect(await admit(limits, resize)).toContain('maximum cpu usage per Container is 1, but limit is 2');
  expect(await admit(limits, { ...resize, subresource: '' })).toBe('not handled');
  const going: corev1.Pod = { ...pod({ cpu: '2' }), metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } };
  expect(await admit(limits, { ...resize, object: going })).toBe('not handled');
});
