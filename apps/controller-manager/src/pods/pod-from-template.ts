import type { corev1, metav1 } from '@navarch/api';

/** What the owner says of a pod besides its template. */
export interface PodIdentity {
  readonly namespace: string;
  /** Left out: the apiserver makes one up from `generateName`. */
  readonly name?: string;
  readonly generateName?: string;
  readonly controller: metav1.OwnerReference;
}

/** A pod of a template, owned by who asks for it. */
export function podFromTemplate(template: corev1.PodTemplateSpec | undefined, { namespace, name, generateName, controller }: PodIdentity): corev1.Pod {
  const { metadata, spec } = template ?? {};
  const { labels, annotations, finalizers } = metadata ?? {};
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(generateName === undefined ? {} : { generateName }),
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controller],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}
