import type { appsv1, corev1, metav1 } from '@navarch/api';
import { isStale, wantedOwners } from './claims';

const set = (whenDeleted: string, whenScaled: string): appsv1.StatefulSet => ({
  metadata: { name: 'db', namespace: 'default', uid: 'set' },
  spec: { replicas: 1, selector: {}, template: {}, persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } },
});
const pod = (ordinal: number): corev1.Pod => ({ metadata: { name: `db-${ordinal}`, uid: 'pod' } });
const isScaledAway = 1;

/** `set`, `pod` and others by their uid; with `!` the controller. */
function owner(text: string): metav1.OwnerReference {
  const uid = text.replace('!', '');
  const [kind, name] = uid.endsWith('set') ? ['StatefulSet', 'db'] : uid.endsWith('pod') ? ['Pod', 'db-1'] : ['Backup', uid];
  return { apiVersion: 'v1', kind, name, uid, ...(text.endsWith('!') ? { controller: true } : {}) };
}
const claim = (owners: string): corev1.PersistentVolumeClaim => ({ metadata: { name: 'data-db-1', ownerReferences: owners.split(' ').filter((text) => text !== '').map(owner) } });

/** The rows of upstream's TestClaimOwnerMatchesSetAndPod and TestUpdateClaimOwnerRefForSetAndPod that say something of their own. */
describe('the owners of a claim', () => {
  it.each([
    { what: 'are none if it is to be kept', policy: ['Retain', 'Retain'], before: 'set! pod!', after: '' },
    { what: 'are the set if it goes with that', policy: ['Delete', 'Retain'], before: 'pod!', after: 'set!' },
    { what: 'are the pod if that is scaled away', policy: ['Retain', 'Delete'], before: 'set!', after: 'pod!' },
    { what: 'are the pod, and not the set, if it goes with either', policy: ['Delete', 'Delete'], before: 'set!', after: 'pod!' },
    { what: 'are others beside', policy: ['Delete', 'Retain'], before: 'other', after: 'other set!' },
    { what: 'become controllers', policy: ['Delete', 'Retain'], before: 'set', after: 'set!' },
    { what: 'are not the set beside another controller', policy: ['Delete', 'Delete'], before: 'other! set', after: 'other!' },
    { what: 'stay with another controller', policy: ['Delete', 'Delete'], before: 'other!', after: undefined },
    { what: 'stay where they are right', policy: ['Delete', 'Retain'], before: 'set!', after: undefined },
    { what: 'stay with an earlier set', policy: ['Delete', 'Retain'], before: 'old-set!', after: undefined },
    { what: 'stay with an earlier set though it is to be kept', policy: ['Retain', 'Retain'], before: 'old-set!', after: undefined },
    { what: 'stay with an earlier pod', policy: ['Delete', 'Delete'], before: 'old-pod!', after: undefined },
  ])('$what', ({ policy: [whenDeleted = '', whenScaled = ''], before, after }) => {
    const wanted = wantedOwners(set(whenDeleted, whenScaled), pod(isScaledAway), claim(before));
    expect(wanted?.map(({ uid, controller = false }) => `${uid}${controller ? '!' : ''}`).join(' ')).toBe(after);
  });

  it.each([
    { whenScaled: 'Delete', owners: 'pod!', stale: true },
    { whenScaled: 'Delete', owners: 'set!', stale: false },
    { whenScaled: 'Retain', owners: 'pod!', stale: false },
  ])('of which $owners is one make a new pod wait if $whenScaled: $stale', ({ whenScaled, owners, stale }) => {
    expect(isStale(set('Retain', whenScaled), claim(owners), 'db-1')).toBe(stale);
  });
});
