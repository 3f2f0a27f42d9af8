import { type corev1 } from '@navarch/api';
import { isRecursivelyReadOnly } from './recursive-read-only';
import { failedClaim, pendingExpansion } from './volume-expansion';

describe('isRecursivelyReadOnly', () => {
  const mount = (more: Partial<corev1.VolumeMount>): corev1.VolumeMount => ({ name: 'v', mountPath: '/v', readOnly: true, ...more });

  it.each<[string, Partial<corev1.VolumeMount>, boolean, boolean | string]>([
    ['unasked', {}, true, false], ['turned off', { recursiveReadOnly: 'Disabled' }, true, false],
    ['wanted, and possible', { recursiveReadOnly: 'Enabled' }, true, true], ['wanted, and not possible', { recursiveReadOnly: 'Enabled' }, false, 'volume "v" requested recursive read-only mode, but it is not supported by the runtime'],
    ['wanted where possible', { recursiveReadOnly: 'IfPossible' }, true, true], ['wanted where it is not', { recursiveReadOnly: 'IfPossible' }, false, false],
    ['of what can be written', { recursiveReadOnly: 'Enabled', readOnly: false }, true, 'volume "v" requested recursive read-only mode, but it is not read-only'],
    ['of what is handed on', { recursiveReadOnly: 'Enabled', mountPropagation: 'HostToContainer' }, true, 'volume "v" requested recursive read-only mode, but it is not compatible with propagation HostToContainer'],
  ])('%s', (_what, more, supported, expected) => {
    if (typeof expected === 'string') expect(() => isRecursivelyReadOnly(mount(more), supported)).toThrow(expected);
    else expect(isRecursivelyReadOnly(mount(more), supported)).toBe(expected);
  });
});

describe('pendingExpansion', () => {
  const volume = (storage: string): corev1.PersistentVolume => ({ metadata: {}, spec: { capacity: { storage } } });
  const claim = (storage: string, more: Partial<corev1.PersistentVolumeClaimStatus> = {}): corev1.PersistentVolumeClaim => ({ metadata: {}, status: { capacity: { storage }, ...more } });

  it.each<[string, corev1.PersistentVolumeClaim, string | undefined]>([
    ['a smaller claim', claim('1Gi'), '2Gi'], ['a claim of its size', claim('2048Mi'), undefined], ['a bigger claim', claim('3Gi'), undefined],
    ['one of which the driver knows that it cannot', claim('1Gi', { allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' } }), undefined],
  ])('of %s', (_what, given, expected) => expect(pendingExpansion(volume('2Gi'), given)).toBe(expected));

  it('ends where the driver says that it never will', () => {
    expect(failedClaim(claim('1Gi', { allocatedResourceStatuses: { storage: 'NodeResizePending' } }), 'too small', true, 'now').status).toMatchObject({
      conditions: [{ type: 'NodeResizeError', status: 'True', message: 'too small', lastTransitionTime: 'now' }], allocatedResourceStatuses: { storage: 'NodeResizeInfeasible' },
    });
  });
});
