import type { corev1 } from '@navarch/api';
import { ownChanges } from './pod-changes';

const pod = (metadata: corev1.Pod['metadata'], spec: Partial<corev1.PodSpec> = {}, status: corev1.PodStatus = {}): corev1.Pod => ({ metadata, spec: { containers: [{ name: 'main', image: 'image' }], ...spec }, status });
const asking = (cpu: string): Partial<corev1.PodSpec> => ({ containers: [{ name: 'main', image: 'image', resources: { requests: { cpu } } }] });

describe('what of a waiting pod can help it', () => {
  it.each<[string, corev1.Pod, corev1.Pod, string[]]>([
    ['its labels', pod({ labels: { a: '1' } }), pod({ labels: { a: '2' } }), ['PodUpdatePodLabel']],
    ['its tolerations', pod({}), pod({}, { tolerations: [{ operator: 'Exists' }] }), ['PodUpdatePodToleration']],
    ['the end of its gates', pod({}, { schedulingGates: [{ name: 'g' }] }), pod({}), ['PodUpdatePodSchedulingGatesEliminated']],
    ['that it asks for less', pod({}, asking('2')), pod({}, asking('1')), ['PodUpdatePodScaleDown']],
    ['that claims were made for it', pod({}), pod({}, {}, { resourceClaimStatuses: [{ name: 'c', resourceClaimName: 'x' }] }), ['PodUpdatePodGeneratedResourceClaim']],
    ['several of these', pod({}, asking('2')), pod({ labels: { a: '1' } }, asking('1')), ['PodUpdatePodLabel', 'PodUpdatePodScaleDown']],
    ['anything else that it says', pod({}), pod({ annotations: { a: '1' } }), ['PodUpdate']],
    ['nothing that the scheduler writes', pod({ resourceVersion: '1' }), pod({ resourceVersion: '2' }, {}, { conditions: [{ type: 'PodScheduled', status: 'False' }] }), []],
  ])('%s', (_what, before, after, names) => {
    expect(ownChanges(before, after).map(({ name }) => name)).toEqual(names);
  });
});
