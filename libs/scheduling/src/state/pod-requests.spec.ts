import type { corev1 } from '@navarch/api';
import { podRequests } from './pod-requests';

const container = (name: string, cpu: string, more: Partial<corev1.Container> = {}): corev1.Container => ({ name, image: 'image', resources: { requests: { cpu } }, ...more });
const reported = (name: string, allotted?: string, used?: string): corev1.ContainerStatus => ({
  name, image: 'image', imageID: '', ready: true, restartCount: 0,
  ...(allotted === undefined ? {} : { allocatedResources: { cpu: allotted } }), ...(used === undefined ? {} : { resources: { requests: { cpu: used } } }),
});
const refused: corev1.PodStatus = { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] };

describe('what a pod needs', () => {
  it.each<[string, corev1.PodSpec, corev1.PodStatus, number]>([
    ['is the sum of its containers', { containers: [container('a', '1'), container('b', '500m')] }, {}, 1500],
    ['is its hungriest init container if that is more', { containers: [container('a', '1')], initContainers: [container('i', '3'), container('j', '2')] }, {}, 3000],
    ['counts sidecars with the containers', { containers: [container('a', '1')], initContainers: [container('s', '2', { restartPolicy: 'Always' })] }, {}, 3000],
    ['counts sidecars with the init containers after them only', { containers: [container('a', '1')], initContainers: [container('i', '4'), container('s', '2', { restartPolicy: 'Always' }), container('j', '3')] }, {}, 5000],
    ['includes overhead', { containers: [container('a', '1')], overhead: { cpu: '250m' } }, {}, 1250],
    ['is what the pod asks for as a whole', { containers: [container('a', '1')], resources: { requests: { cpu: '2' } }, overhead: { cpu: '250m' } }, {}, 2250],
    ['is the least that was said as a whole even if init containers ask for more', { containers: [container('a', '1')], initContainers: [container('i', '4')], resources: { requests: { cpu: '2' } } }, {}, 2000],
    ['stays what a shrinking container still uses', { containers: [container('a', '1')] }, { containerStatuses: [reported('a', '1', '3')] }, 3000],
    ['stays what a shrinking container is still allotted', { containers: [container('a', '1')] }, { containerStatuses: [reported('a', '2', '1')] }, 2000],
    ['is what a growing container asks for', { containers: [container('a', '4')] }, { containerStatuses: [reported('a', '2', '2')] }, 4000],
    ['is not what the node will never give', { containers: [container('a', '9')] }, { ...refused, containerStatuses: [reported('a', '2', '2')] }, 2000],
    ['falls back to what was allotted', { containers: [container('a', '1'), container('b', '1')] }, { containerStatuses: [reported('a', '2'), reported('b', '1', '1')] }, 3000],
    ['knows of sidecars that shrink', { containers: [container('a', '1')], initContainers: [container('s', '1', { restartPolicy: 'Always' })] }, { initContainerStatuses: [reported('s', '3', '3')] }, 4000],
    ['stays what a shrinking pod still has as a whole, less its overhead', { containers: [container('a', '1')], resources: { requests: { cpu: '1' } }, overhead: { cpu: '500m' } }, { allocatedResources: { cpu: '2500m' }, resources: { requests: { cpu: '1500m' } } }, 2500],
  ])('%s', (_name, spec, status, milliCpu) => {
    expect(podRequests({ spec, status }).requests.milliCpu).toBe(milliCpu);
  });

  it('takes of the whole pod only what can be asked for it', () => {
    const { requests } = podRequests({ spec: { containers: [container('a', '1')], resources: { requests: { 'hugepages-2Mi': '4Mi', 'ephemeral-storage': '1Gi' } } } });
    expect([requests.ephemeralStorage, requests.scalar.get('hugepages-2Mi')]).toEqual([0, 4 * 1024 * 1024]);
  });

  it('counts in scores what is not asked, unless the whole pod asks for it', () => {
    const containers = [{ name: 'a', image: 'image' }, { name: 'b', image: 'image' }];
    expect(podRequests({ spec: { containers } }).scored).toMatchObject({ milliCpu: 200, memory: 400 * 1024 * 1024 });
    expect(podRequests({ spec: { containers, resources: { requests: { cpu: '1' } } } }).scored).toMatchObject({ milliCpu: 1000, memory: 400 * 1024 * 1024 });
  });
});
