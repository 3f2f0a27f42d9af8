import { type corev1 } from '@navarch/api';
import { type runtimev1 } from '@navarch/proto';
import { withoutOverhead } from '../pods/pod-resources';
import { milliValue, wholeValue } from '../quantities';
import { linuxResources } from './container-resources';

/** What a runtime is told of a pod as a whole, before there is any container: virtual machines are made to that measure. */
export interface SandboxResources {
  /** Of all containers together. */
  readonly resources: runtimev1.LinuxContainerResources;
  /** Of the sandbox itself; limited to what is asked for. Empty where the pod's runtime class names none. */
  readonly overhead: Partial<runtimev1.LinuxContainerResources>;
}

/** Upstream's applySandboxResources (pkg/kubelet/kuberuntime/kuberuntime_sandbox_linux.go). */
export function sandboxResources(pod: corev1.Pod, node: { readonly cpuQuota: boolean; readonly killsGroups: boolean }): SandboxResources {
  const overhead = pod.spec?.overhead;
  const overheadMilliCpu = milliValue(overhead?.['cpu']);
  return {
    resources: linuxResources({
      requestMilliCpu: withoutOverhead(pod, 'requests', 'cpu', milliValue), limitMilliCpu: withoutOverhead(pod, 'limits', 'cpu', milliValue), memoryBytes: withoutOverhead(pod, 'limits', 'memory', wholeValue),
    }, node),
    overhead: overhead ? linuxResources({ requestMilliCpu: overheadMilliCpu, limitMilliCpu: overheadMilliCpu, memoryBytes: wholeValue(overhead['memory']) }, node) : {},
  };
}
