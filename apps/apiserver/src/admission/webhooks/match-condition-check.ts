import type { admissionregistrationv1 } from '@navarch/api';
import { FieldPath, invalid } from '@navarch/apimachinery';
import type { AdmissionPlugin, WriteSort } from '../../pipeline';
import { conditionFaults, unchangedConditions } from '../match-conditions';

type Configuration = admissionregistrationv1.ValidatingWebhookConfiguration;

const kinds = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];

/** Expressions of webhook configurations compile before they are stored: upstream does so in validation. */
export const matchConditionCheck: AdmissionPlugin = {
  name: 'MatchConditionCheck',
  handles: ({ operation, group, resource }: WriteSort) => (operation === 'CREATE' || operation === 'UPDATE') && group === 'admissionregistration.k8s.io' && kinds.includes(resource),
  validate({ group, kind, object, oldObject }) {
    const { webhooks = [] } = object as Configuration;
    const stored = (oldObject as Partial<Configuration> | undefined)?.webhooks ?? [];
    if (webhooks.length === stored.length && webhooks.every(({ matchConditions }, i) => unchangedConditions(matchConditions, stored[i]?.matchConditions))) return;
    const errors = webhooks.flatMap(({ matchConditions }, i) => conditionFaults(matchConditions, FieldPath.of('webhooks').index(i).child('matchConditions')));
    if (errors.length > 0) throw invalid({ group, kind }, object?.metadata.name ?? '', errors);
  },
};
