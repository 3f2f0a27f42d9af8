import { ageColumn, column, nameColumn, printer } from '../../columns/printer';
import type { corev1 } from '../../gen';
import { entries } from '../../support/list';
import { type Loose } from '../../support/loose';

type Quota = Loose<corev1.ResourceQuota>;

const isLimit = (resource: string): boolean => resource.startsWith('limits.');

/** `used/hard` of each resource, in order of name. */
const usage = (shown: (resource: string) => boolean) => ({ status }: Quota): string =>
  entries(status?.hard)
    .filter(([resource]) => shown(resource))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, hard = '']) => `${resource}: ${status?.used?.[resource] ?? '0'}/${hard}`)
    .join(', ');

export const resourceQuotaPrinter = printer<Quota>([
  nameColumn(),
  column('Request', usage((resource) => !isLimit(resource))),
  column('Limit', usage(isLimit)),
  ageColumn(),
]);
