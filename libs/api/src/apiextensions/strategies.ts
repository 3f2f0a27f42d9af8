import { formatTime } from '@navarch/apimachinery';
import type { apiextensionsv1 } from '../gen';
import { type KindRules, kindRules, specChanged } from '../strategy/kind-rules';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Definition = Loose<apiextensionsv1.CustomResourceDefinition>;

const storageVersions = (definition: Definition): string[] =>
  list(definition.spec?.versions).flatMap(({ name, storage }) => (storage && name !== undefined ? [name] : []));

export const apiextensionsStrategies: Readonly<Record<string, KindRules>> = {
  'apiextensions.k8s.io/customresourcedefinitions': kindRules<Definition>({
    initialStatus: (definition) => ({ acceptedNames: { kind: '', plural: '' }, storedVersions: storageVersions(definition) }),
    generation: specChanged,
    onUpdate(definition) {
      const status = definition.status;
      if (!status) return;
      const stored = list(status.storedVersions);
      const added = storageVersions(definition).filter((version) => !stored.includes(version));
      if (added.length > 0) definition.status = { ...status, storedVersions: [...stored, ...added] };
    },
    conditionalUpdate: true,
    deletionFinalizer: 'customresourcecleanup.apiextensions.k8s.io',
    onDeletionMarked(definition, nowMs) {
      const conditions = list(definition.status?.conditions).filter(({ type }) => type !== 'Terminating');
      definition.status = {
        ...definition.status,
        conditions: [...conditions, {
          type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', lastTransitionTime: formatTime(nowMs),
          message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
        }],
      };
    },
  }),
};
