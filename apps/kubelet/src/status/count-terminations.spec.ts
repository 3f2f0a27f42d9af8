import { type corev1 } from '@navarch/api';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { countTerminations } from './count-terminations';

describe('countTerminations', () => {
  const terminated = (containerID: string): corev1.ContainerState => ({ terminated: { containerID, exitCode: 139, reason: 'Error' } });
  const running: corev1.ContainerState = { running: {} };
  const waiting: corev1.ContainerState = { waiting: { reason: 'CrashLoopBackOff' } };
  const of = (state: corev1.ContainerState, lastState: corev1.ContainerState = {}): corev1.PodStatus => ({
    containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state, lastState }],
  });

  it.each<{ what: string; before: corev1.PodStatus; now: corev1.PodStatus; count: number }>([
    { what: 'an end', before: of(running), now: of(terminated('a')), count: 1 },
    { what: 'an end that is all that was seen', before: {}, now: of(terminated('a')), count: 1 },
    { what: 'an end once', before: of(terminated('a')), now: of(terminated('a')), count: 0 },
    { what: 'an end that shows as a back-off', before: of(running, terminated('a')), now: of(waiting, terminated('b')), count: 1 },
    { what: 'no back-off after an end that was shown', before: of(terminated('b')), now: of(waiting, terminated('b')), count: 0 },
    { what: 'nothing that runs again', before: of(terminated('a')), now: of(running, terminated('a')), count: 0 },
  ])('counts $what', async ({ before, now, count }) => {
    const registry = new Registry();
    countTerminations(createKubeletMetrics(registry), before, now);
    expect((await registry.metrics()).includes('kubelet_terminated_containers_total{container_type="container",exit_code="139",reason="Error"} 1')).toBe(count === 1);
  });
});
