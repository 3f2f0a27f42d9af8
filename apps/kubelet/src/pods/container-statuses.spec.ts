import { type corev1 } from '@navarch/api';
import { aContainer, aPod } from '../testing/pod-bench';
import { containerStatuses } from './container-statuses';
import { type ContainerView } from './runtime-view';

describe('the status of a container', () => {
  const running = { id: 'new', name: 'main', attempt: 1, state: 'running', startedAtMs: 0, image: '', imageRef: '' } as ContainerView;
  const statusOf = (previous: corev1.ContainerStatus): corev1.ContainerStatus | undefined => containerStatuses({
    pod: aPod({ containers: [aContainer('main')] }), runtime: { sandboxes: [], containers: [running] }, inFlight: new Set(), remade: new Set(), probes: () => ({}), waiting: new Map(),
    previous: { containerStatuses: [previous] }, own: () => undefined, resourceHealth: () => [], ended: false, ending: false, runtimeName: 'r', recursiveReadOnlyMounts: new Set(),
  }).containers[0];
  const old = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0 };
  const ended = (exitCode: number): corev1.ContainerState => ({ terminated: { exitCode } });

  it.each<[string, corev1.ContainerState, Partial<corev1.ContainerStatus>]>([
    ['as it ended when it was taken away and made anew between two looks', ended(143), { containerID: 'r://old', state: ended(143) }],
    ['as it ended before, if it runs still', ended(1), { containerID: 'r://new', state: { running: {} }, lastState: ended(1) }],
    ['as it was last known, if it was lost before', ended(1), { containerID: 'r://old', state: { waiting: {} }, lastState: ended(1) }],
    ['as nothing the first time', {}, { state: { waiting: {} } }],
  ])('tells of the one before %s', (_, lastState, previous) => {
    expect(statusOf({ ...old, ...previous })?.lastState).toEqual(lastState);
  });
});
