import type { corev1 } from '../../gen';
import { keepField, kindRules } from '../../strategy/kind-rules';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { defaultNamespace } from './defaults';

type Namespace = Loose<corev1.Namespace>;

/** Stays until all contents are gone. */
const finalizer = 'kubernetes';

export const namespaceRules = kindRules<Namespace>({
  initialStatus: () => ({ phase: 'Active' }),
  onCreate(namespace) {
    const spec = (namespace.spec ??= {});
    if (!list(spec.finalizers).includes(finalizer)) spec.finalizers = [...list(spec.finalizers), finalizer];
    defaultNamespace(namespace);
  },
  onUpdate(namespace, old) {
    const spec = (namespace.spec ??= {});
    keepField(spec, old.spec ?? {}, 'finalizers');
    defaultNamespace(namespace);
  },
  // Spec is what this view changes: its finalizers.
  subresources: { finalize: (namespace, old) => keepField(namespace, old, 'status') },
  onDeletionMarked(namespace) {
    (namespace.status ??= {}).phase = 'Terminating';
  },
});
