import { unset } from '../columns/format';
import { ageColumn, column, countColumn, nameColumn, type Printer, printer } from '../columns/printer';
import type { admissionregistrationv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { formatLabelSelector, type LabelSelector } from '@navarch/apimachinery';

type Webhooks = Loose<{ metadata: { name?: string; creationTimestamp?: string }; webhooks: object[] }>;
type ValidatingPolicy = Loose<admissionregistrationv1.ValidatingAdmissionPolicy>;
type MutatingPolicy = Loose<admissionregistrationv1.MutatingAdmissionPolicy>;
type Binding = Loose<admissionregistrationv1.ValidatingAdmissionPolicyBinding>;

const paramKind = ({ spec }: MutatingPolicy | ValidatingPolicy): string =>
  spec?.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : unset;

function paramRef({ spec }: Binding): string {
  const reference = spec?.paramRef;
  if (reference?.name) return reference.namespace ? `${reference.namespace}/${reference.name}` : reference.name;
  return reference?.selector ? formatLabelSelector(reference.selector as LabelSelector) : unset;
}

const webhooksPrinter = printer<Webhooks>([nameColumn(), countColumn('Webhooks', ({ webhooks }) => list(webhooks).length), ageColumn()]);
const bindingPrinter = printer<Binding>([
  nameColumn(),
  column('PolicyName', ({ spec }) => spec?.policyName ?? ''),
  column('ParamRef', paramRef),
  ageColumn(),
]);
const group = 'admissionregistration.k8s.io';

/** By `<group>/<resource>`. */
export const admissionregistrationColumns: Readonly<Record<string, Printer>> = {
  [`${group}/mutatingadmissionpolicies`]: printer<MutatingPolicy>([
    nameColumn(),
    countColumn('Mutations', ({ spec }) => list(spec?.mutations).length),
    column('ParamKind', paramKind),
    ageColumn(),
  ]),
  [`${group}/mutatingadmissionpolicybindings`]: bindingPrinter,
  [`${group}/mutatingwebhookconfigurations`]: webhooksPrinter,
  [`${group}/validatingadmissionpolicies`]: printer<ValidatingPolicy>([
    nameColumn(),
    countColumn('Validations', ({ spec }) => list(spec?.validations).length),
    column('ParamKind', paramKind),
    ageColumn(),
  ]),
  [`${group}/validatingadmissionpolicybindings`]: bindingPrinter,
  [`${group}/validatingwebhookconfigurations`]: webhooksPrinter,
};
