import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { aContainer, aPod } from '../testing/pod-bench';
import { withSwap, type NodeSwap } from './container-swap';

const gibibyte = 2 ** 30;
const limited: NodeSwap = { behavior: 'LimitedSwap', capacity: 4 * gibibyte, control: 'cgroup v2' };
const pod = (resources: corev1.ResourceRequirements, more: Partial<corev1.PodSpec> = {}): corev1.Pod => aPod({ containers: [aContainer('main', { resources })], ...more });
const given = (of: corev1.Pod, swap: NodeSwap): runtimev1.LinuxContainerResources =>
  withSwap(runtimev1.LinuxContainerResources.fromPartial({ memoryLimitInBytes: BigInt(gibibyte), unified: { 'cpu.idle': '0' } }), of, of.spec?.containers[0] ?? aContainer('main'), { memoryCapacity: 8 * gibibyte, swap });
const burstable = { requests: { memory: '2Gi' }, limits: { memory: '4Gi' } };

describe('what a container may swap', () => {
  it.each<[string, corev1.Pod, NodeSwap, number]>([
    ['its request\'s share, where it is burstable', pod(burstable), limited, gibibyte],
    ['without a limit too', pod({ requests: { memory: '1Gi' } }), limited, gibibyte / 2],
    ['nothing, unless the node lets it', pod(burstable), { ...limited, behavior: 'NoSwap' }, 0],
    ['nothing, where all it may have is promised', pod({ requests: { memory: '2Gi', cpu: '1' }, limits: { memory: '2Gi' } }), limited, 0],
    ['nothing, where it is guaranteed', pod({ limits: { cpu: '1', memory: '2Gi' } }), limited, 0],
    ['nothing, where it asks for no memory', pod({ requests: { cpu: '1' } }), limited, 0],
    ['nothing, where it asks for nothing', pod({}), limited, 0],
    ['nothing, where its pod is critical', pod(burstable, { priority: 2_000_000_000 }), limited, 0],
  ])('is %s', (_what, of, swap, bytes) => expect(given(of, swap).unified).toEqual({ 'cpu.idle': '0', 'memory.swap.max': String(bytes) }));

  it('is nothing beyond its limit, with version 1 of control groups', () => {
    expect(given(pod(burstable), { ...limited, control: 'cgroup v1' })).toMatchObject({ memorySwapLimitInBytes: BigInt(gibibyte), unified: { 'cpu.idle': '0' } });
  });

  it('is not said to a kernel that cannot hold it to that', () => {
    expect(given(pod(burstable), { ...limited, control: undefined })).toMatchObject({ memorySwapLimitInBytes: 0n, unified: { 'cpu.idle': '0' } });
  });
});
