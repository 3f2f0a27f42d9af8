import { dns1123LabelMessages, fieldErrors, FieldPath, validateLabels } from '@navarch/apimachinery';
import { formerNodeLabels } from '../core/node/former-labels';
import { validateResources } from '../core/pod/validation/resources';
import { validateTolerations } from '../core/pod/validation/scheduling';
import type { nodev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, immutable, present, refuse } from '../validation/rules';

type RuntimeClass = Loose<nodev1.RuntimeClass>;

const handlerPath = FieldPath.of('handler');

/** Tolerations of the same taints, however long. */
function validateDistinct(tolerations: Loose<nodev1.Scheduling>['tolerations'], path: FieldPath, found: Findings): void {
  const seen = new Set<string>();
  list(tolerations).forEach((toleration, i) => {
    const key = JSON.stringify([toleration.key, toleration.operator, toleration.value, toleration.effect].map((part) => part ?? ''));
    if (seen.has(key)) found.push(fieldErrors.duplicate(path.index(i), toleration));
    seen.add(key);
  });
}

/** By `<group>/<kind>`. */
export const nodeGroupValidation: Readonly<Record<string, ContentRules>> = {
  'node.k8s.io/RuntimeClass': contentRules<RuntimeClass>({
    // Upstream does not say which label.
    warnings: ({ scheduling }) => Object.keys(scheduling?.nodeSelector ?? {}).sort().flatMap((key) => {
      const text = formerNodeLabels.get(key);
      return text === undefined ? [] : [`scheduling.nodeSelector: ${text}`];
    }),
    content({ handler = '', overhead, scheduling }) {
      const found: Findings = [];
      if (present(handler, handlerPath, found)) refuse(dns1123LabelMessages(handler), handler, handlerPath, found);
      // Upstream reports amounts as if they were limits of the overhead.
      if (overhead) validateResources({ limits: overhead.podFixed }, FieldPath.of('overhead'), found);
      if (!scheduling) return found;
      const path = FieldPath.of('scheduling');
      found.push(...validateLabels(scheduling.nodeSelector as Record<string, string> | undefined, path.child('nodeSelector')));
      // Upstream lets none of them compare, whatever the gate says.
      validateTolerations(scheduling.tolerations, false, path.child('tolerations'), found);
      validateDistinct(scheduling.tolerations, path.child('tolerations'), found);
      return found;
    },
    change(runtimeClass, old) {
      const found: Findings = [];
      immutable(runtimeClass.handler, old.handler, handlerPath, found);
      return found;
    },
  }),
};
