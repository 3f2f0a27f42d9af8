import type { corev1 } from '@navarch/api';
import { podResourceMetrics } from './pod-resource-metrics';

const pod = (name: string, spec: Partial<corev1.PodSpec>, phase = 'Pending'): corev1.Pod => ({ metadata: { name, namespace: 'default' }, spec: { containers: [], schedulerName: 'default-scheduler', ...spec }, status: { phase } });
const container = (requests: Record<string, string>, limits: Record<string, string> = {}): corev1.Container => ({ name: 'main', image: 'image', resources: { requests, limits } });

describe('what pods request and may use', () => {
  it('is told for each resource with its unit', async () => {
    const web = pod('web', { nodeName: 'a', priority: 5, containers: [container({ cpu: '250m', memory: '1Gi', 'hugepages-2Mi': '2Mi', 'example.com/gpu': '1' }, { memory: '2Gi' })] });
    const lines = (await podResourceMetrics(() => [web]).metrics()).split('\n').filter((line) => line.startsWith('kube_'));
    const labels = (resource: string, unit: string): string => `{namespace="default",pod="web",node="a",scheduler="default-scheduler",priority="5",resource="${resource}",unit="${unit}"}`;
    expect(lines).toEqual([
      `kube_pod_resource_request${labels('cpu', 'cores')} 0.25`, `kube_pod_resource_request${labels('example.com/gpu', '')} 1`, `kube_pod_resource_request${labels('hugepages-2Mi', 'bytes')} 2097152`,
      `kube_pod_resource_request${labels('memory', 'bytes')} 1073741824`, `kube_pod_resource_limit${labels('memory', 'bytes')} 2147483648`,
    ]);
  });

  it('counts pods that wait, and none that have ended, nor what is zero', async () => {
    const pods = [pod('waits', { containers: [container({ cpu: '1', memory: '0' })] }), pod('over', { nodeName: 'a', containers: [container({ cpu: '1' })] }, 'Succeeded')];
    const text = await podResourceMetrics(() => pods).metrics();
    expect(text).toContain('pod="waits",node="",scheduler="default-scheduler",priority="",resource="cpu",unit="cores"} 1');
    expect(text).not.toContain('resource="memory"');
    expect(text).not.toContain('pod="over"');
  });
});
