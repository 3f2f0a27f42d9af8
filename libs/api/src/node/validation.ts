import { dns1123LabelMessages, FieldPath, validateLabels } from '@navarch/apimachinery';
import { formerNodeLabels } from '../core/node/former-labels';
import { validateResources } from '../core/pod/validation/resources';
import { validateTolerations } from '../core/pod/validation/scheduling';
import type { nodev1 } from '../gen';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, immutable, refuse } from '../validation/rules';

type RuntimeClass = Loose<nodev1.RuntimeClass>;

const handlerPath = FieldPath.of('handler');

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
      refuse(dns1123LabelMessages(handler), handler, handlerPath, found);
      if (overhead) validateResources({ limits: overhead.podFixed }, FieldPath.of('overhead', 'podFixed'), found);
      if (!scheduling) return found;
      const path = FieldPath.of('scheduling');
      found.push(...validateLabels(scheduling.nodeSelector as Record<string, string> | undefined, path.child('nodeSelector')));
      validateTolerations(scheduling.tolerations, path.child('tolerations'), found);
      return found;
    },
    change(runtimeClass, old) {
      const found: Findings = [];
      immutable(runtimeClass.handler, old.handler, handlerPath, found);
      return found;
    },
  }),
};
