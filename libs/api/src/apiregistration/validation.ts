import { dns1035LabelMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { apiregistrationv1 } from '../gen';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { anyName } from '../validation/name-rules';
import { dnsSubdomain, type Findings, portNumber, present, refuse } from '../validation/rules';

const specPath = FieldPath.of('spec');

/** By `<group>/<kind>`. */
export const apiregistrationValidation: Readonly<Record<string, ContentRules>> = {
  'apiregistration.k8s.io/APIService': contentRules<Loose<apiregistrationv1.APIService>>({
    name: anyName,
    content({ metadata, spec = {} }) {
      const found: Findings = [];
      const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service, caBundle, insecureSkipTLSVerify } = spec;
      const name = metadata?.name ?? '';
      const wanted = `${version}.${group}`;
      if (name !== wanted) found.push(fieldErrors.invalid(FieldPath.of('metadata', 'name'), name, `must be \`spec.version+"."+spec.group\`: "${wanted}"`));
      if (group === '') {
        if (version !== 'v1') found.push(fieldErrors.required(specPath.child('group'), "only v1 may have an empty group and it better be legacy kube"));
      } else dnsSubdomain(group, specPath.child('group'), found);
      refuse(dns1035LabelMessages(version), version, specPath.child('version'), found);
      if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20000)
        found.push(fieldErrors.invalid(specPath.child('groupPriorityMinimum'), groupPriorityMinimum, 'must be positive and less than 20000'));
      if (versionPriority <= 0 || versionPriority > 1000) found.push(fieldErrors.invalid(specPath.child('versionPriority'), versionPriority, 'must be positive and less than 1000'));
      if (!service) {
        if (caBundle) found.push(fieldErrors.invalid(specPath.child('caBundle'), `${caBundle.length} bytes`, 'local APIServices may not have a caBundle'));
        if (insecureSkipTLSVerify) found.push(fieldErrors.invalid(specPath.child('insecureSkipTLSVerify'), insecureSkipTLSVerify, 'local APIServices may not have insecureSkipTLSVerify'));
        return found;
      }
      present(service.namespace, specPath.child('service', 'namespace'), found);
      present(service.name, specPath.child('service', 'name'), found);
      if (service.port !== undefined) portNumber(service.port, specPath.child('service', 'port'), found);
      if (caBundle && insecureSkipTLSVerify) found.push(fieldErrors.invalid(specPath.child('insecureSkipTLSVerify'), insecureSkipTLSVerify, 'may not be true if caBundle is present'));
      return found;
    },
  }),
};
