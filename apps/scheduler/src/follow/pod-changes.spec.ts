import type { corev1 } from '@navarch/api';
import { nodeChanges, ownChanges, placedChanges } from './pod-changes';

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

describe('what of a placed pod can help others', () => {
  it.each<[string, corev1.Pod, corev1.Pod, string[]]>([
    ['its labels', pod({ labels: { a: '1' } }), pod({}), ['AssignedPodUpdatePodLabel']],
    ['what is noted on it', pod({}), pod({ annotations: { a: '1' } }), ['AssignedPodUpdate']],
    ['nothing that its kubelet says of it', pod({}), pod({}, {}, { phase: 'Running' }), []],
  ])('%s', (_what, before, after, names) => {
    expect(placedChanges(before, after).map(({ name }) => name)).toEqual(names);
  });
});

describe('what of a node can help', () => {
  const ready = (status: string, lastHeartbeatTime: string): corev1.NodeStatus => ({ conditions: [{ type: 'Ready', status, lastHeartbeatTime }] });
  it.each<[string, corev1.Node, corev1.Node, string[]]>([
    ['that it is uncordoned', { metadata: {}, spec: { unschedulable: true } }, { metadata: {}, spec: {} }, ['NodeUpdateNodeTaint']],
    ['what is noted on it', { metadata: {} }, { metadata: { annotations: { a: '1' } } }, ['NodeUpdateNodeAnnotation']],
    ['its conditions', { metadata: {}, status: ready('False', '1') }, { metadata: {}, status: ready('True', '2') }, ['NodeUpdateNodeCondition']],
    ['no heartbeat', { metadata: {}, status: ready('True', '1') }, { metadata: {}, status: ready('True', '2') }, []],
  ])('%s', (_what, before, after, names) => {
    expect(nodeChanges(before, after).map(({ name }) => name)).toEqual(names);
  });
});
