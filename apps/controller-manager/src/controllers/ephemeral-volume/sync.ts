import { core, isClaimForPod, type corev1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';

export interface EphemeralPlan {
  readonly create: readonly { readonly volume: string; readonly claim: corev1.PersistentVolumeClaim }[];
  /** A volume whose claim is somebody else's, and why; no volume behind it gets one. */
  readonly refused?: { readonly volume: string; readonly message: string };
}

/** Decides which claims a pod's ephemeral volumes lack; `claim` is the one of a name, if there is one. */
export function planEphemeralClaims(pod: corev1.Pod, claim: (name: string) => corev1.PersistentVolumeClaim | undefined): EphemeralPlan {
  const create: { volume: string; claim: corev1.PersistentVolumeClaim }[] = [];
  if (pod.metadata.deletionTimestamp !== undefined) return { create };
  const { name: podName = '', namespace = '' } = pod.metadata;
  for (const { name: volume, ephemeral } of pod.spec?.volumes ?? []) {
    const template = ephemeral?.volumeClaimTemplate;
    if (template === undefined) continue;
    const name = `${podName}-${volume}`;
    const found = claim(name);
    if (found === undefined) {
      const { labels, annotations } = template.metadata ?? {};
      const given = { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
      create.push({ volume, claim: { metadata: { name, namespace, ...given, ownerReferences: [controllerReference(core.pods, pod)] }, spec: template.spec } });
    } else if (!isClaimForPod(found, pod)) return { create, refused: { volume, message: `PVC ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)` } };
  }
  return { create };
}
