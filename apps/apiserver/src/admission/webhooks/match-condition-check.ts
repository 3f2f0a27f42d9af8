import type { admissionregistrationv1 } from '@navarch/api';
import { FieldPath, invalid } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin } from '../../pipeline';
import { conditionFaults } from '../match-conditions';

type Configuration = admissionregistrationv1.ValidatingWebhookConfiguration;

const kinds = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];

/** Expressions of webhook configurations compile before they are stored: upstream does so in validation. */
export const matchConditionCheck: AdmissionPlugin = {
  name: 'MatchConditionCheck',
  handles: ({ operation, group, resource }: AdmissionAttributes) => (operation === 'CREATE' || operation === 'UPDATE') && group === 'admissionregistration.k8s.io' && kinds.includes(resource),
  validate({ group, kind, object }) {
    const errors = ((object as Configuration).webhooks ?? []).flatMap(({ matchConditions }, i) => conditionFaults(matchConditions, FieldPath.of('webhooks').index(i).child('matchConditions')));
    if (errors.length > 0) throw invalid({ group, kind }, object?.metadata.name ?? '', errors);
  },
};
