import type { KubeObject } from '@navarch/api';
import { unprivilegedRules } from './unprivileged-rules';

const spec = { initContainers: [{ name: 'i', securityContext: { privileged: false } }], containers: [{ name: 'a' }, { name: 'b', securityContext: { privileged: true } }] };

it.each([
  ['/pods', { spec }, 'spec'],
  ['/podtemplates', { template: { spec } }, 'template.spec'],
  ['apps/deployments', { spec: { template: { spec } } }, 'spec.template.spec'],
  ['batch/cronjobs', { spec: { jobTemplate: { spec: { template: { spec } } } } }, 'spec.jobTemplate.spec.template.spec'],
])('%s are refused with a privileged container', (resource, object, path) => {
  expect(unprivilegedRules[resource]?.(object as unknown as KubeObject, undefined)).toMatchObject([{ field: `${path}.containers[1].securityContext.privileged`, message: `${path}.containers[1].securityContext.privileged: Forbidden: disallowed by cluster policy` }]);
  expect(unprivilegedRules[resource]?.({ spec: {} } as unknown as KubeObject, undefined)).toEqual([]);
});
