import { type corev1 } from '@navarch/api';
import { type ContainerView } from './runtime-view';

/** What a pod's worker can be told to do. Each runs beside the others; two of one key never run together. */
export type PodAction =
  | { readonly kind: 'prepareVolumes' }
  | { readonly kind: 'createSandbox'; readonly attempt: number }
  | { readonly kind: 'stopSandbox'; readonly sandboxId: string }
  | { readonly kind: 'ensureImage'; readonly container: corev1.Container }
  | {
      readonly kind: 'startContainer';
      readonly container: corev1.Container;
      readonly sandboxId: string;
      readonly attempt: number;
      readonly last?: ContainerView;
    }
  /**
   * `after`: names of containers that end before it, while there is grace; its preStop hook does not wait for them. `remake`: it ends only to be made
   * anew, whatever its restart policy says of its end.
   */
  | {
      readonly kind: 'killContainer';
      readonly container: ContainerView;
      readonly graceSeconds: number;
      readonly message: string;
      readonly withoutHook?: boolean;
      readonly after?: readonly string[];
      readonly remake?: boolean;
    }
  /** `from`: what the container has now; its spec says what it is to have. */
  | { readonly kind: 'resizeContainer'; readonly container: corev1.Container; readonly containerId: string; readonly from: corev1.ResourceRequirements }
  /** Gives the pod's own group what is set aside for it, when its containers have theirs. */
  | { readonly kind: 'resizePod' }
  /** Gives the pod's own group what it should have anyway, where a kubelet that is gone may have left it wider: no resize that anybody is told of. */
  | { readonly kind: 'fitPod' }
  /** `crashed`: it counts as a crash of the container, whose next start waits the longer. */
  | {
      readonly kind: 'removeContainer';
      readonly containerId: string;
      readonly crashed?: { readonly container: corev1.Container; readonly last: ContainerView };
    };

export const volumesKey = 'volumes';
export const sandboxKey = 'sandbox';
export const imageKey = (container: string): string => `image/${container}`;
export const startKey = (container: string): string => `start/${container}`;
/** The grace is part of the key, so that a shorter one is a new action. */
export const killKey = (containerId: string, graceSeconds: number): string => `kill/${containerId}/${graceSeconds}`;
export const resizeKey = (containerId: string): string => `resize/${containerId}`;
export const resizePodKey = resizeKey('pod');
export const fitPodKey = 'fit-pod';
export const stopSandboxKey = (sandboxId: string): string => `stop/${sandboxId}`;

export function keyOf(action: PodAction): string {
  switch (action.kind) {
    case 'prepareVolumes': return volumesKey;
    case 'createSandbox': return sandboxKey;
    case 'stopSandbox': return stopSandboxKey(action.sandboxId);
    case 'ensureImage': return imageKey(action.container.name);
    case 'startContainer': return startKey(action.container.name);
    case 'killContainer': return killKey(action.container.id, action.graceSeconds);
    case 'resizeContainer': return resizeKey(action.containerId);
    case 'resizePod': return resizePodKey;
    case 'fitPod': return fitPodKey;
    case 'removeContainer': return `remove/${action.containerId}`;
  }
}

export function isKilling(inFlight: ReadonlySet<string>, containerId: string): boolean {
  for (const key of inFlight) if (key.startsWith(`kill/${containerId}/`)) return true;
  return false;
}

/** Whether the pod's own group is being changed: no container is to grow meanwhile. */
export function isChangingPod(inFlight: ReadonlySet<string>): boolean {
  return inFlight.has(resizePodKey) || inFlight.has(fitPodKey);
}

/** Whether containers or their pod are being given other resources. */
export function isChangingResources(inFlight: ReadonlySet<string>): boolean {
  for (const key of inFlight) if (key.startsWith(resizeKey(''))) return true;
  return isChangingPod(inFlight);
}
