import { ageColumn, column, nameColumn, type Printer, printer, wideColumn } from '../columns/printer';
import type { rbacv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Binding = Loose<rbacv1.RoleBinding>;

const subjects = (kind: string) => ({ subjects: all }: Binding): string =>
  list(all)
    .filter((subject) => subject.kind === kind)
    .map(({ name = '', namespace = '' }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');

const bindingPrinter = printer<Binding>([
  nameColumn(),
  column('Role', ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`),
  ageColumn(),
  wideColumn('Users', subjects('User')),
  wideColumn('Groups', subjects('Group')),
  wideColumn('ServiceAccounts', subjects('ServiceAccount')),
]);

/** By `<group>/<resource>`; roles have no columns of their own. */
export const rbacColumns: Readonly<Record<string, Printer>> = {
  'rbac.authorization.k8s.io/clusterrolebindings': bindingPrinter,
  'rbac.authorization.k8s.io/rolebindings': bindingPrinter,
};
