import type { flowcontrolv1, rbacv1 } from '../gen';
import { dataFile } from '../tables/data-file';

interface Named {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RoleRow extends Named {
  readonly rules: rbacv1.PolicyRule[] | null;
  readonly aggregationRule?: rbacv1.AggregationRule;
}

interface BindingRow extends Named {
  readonly roleRef: rbacv1.RoleRef;
  readonly subjects?: rbacv1.Subject[];
}

/** As measured on a server of 1.36; what Navarch adds is in the files beside this one. */
export interface BootstrapTable {
  readonly clusterroles: readonly RoleRow[];
  readonly clusterrolebindings: readonly BindingRow[];
  readonly roles: readonly RoleRow[];
  readonly rolebindings: readonly BindingRow[];
  readonly priorityclasses: readonly (Named & { readonly value: number })[];
  readonly flowschemas: readonly (Named & { readonly spec: flowcontrolv1.FlowSchemaSpec })[];
  readonly prioritylevelconfigurations: readonly (Named & { readonly spec: flowcontrolv1.PriorityLevelConfigurationSpec })[];
}

export const bootstrapTable = dataFile<BootstrapTable>('bootstrap');
