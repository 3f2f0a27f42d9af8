import type { corev1 } from '../../gen';
import { keepField, kindRules } from '../../strategy/kind-rules';
import { type Loose } from '../../support/loose';

/** A node may be created with its status; afterwards that has its own endpoint. Where its kubelet's configuration comes from is only kept by those that have it. */
export const nodeRules = kindRules<Loose<corev1.Node>>({
  onCreate(node) {
    delete node.spec?.configSource;
    delete node.status?.config;
  },
  onUpdate(node, old) {
    keepField(node, old, 'status');
    if (!old.spec?.configSource) delete node.spec?.configSource;
  },
});
