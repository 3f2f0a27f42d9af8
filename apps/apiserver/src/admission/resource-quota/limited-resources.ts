import { type Amounts, type KubeObject, type QuotaEvaluator, type Scope } from '@navarch/api';
import type { GroupResource } from '@navarch/apimachinery';
import type { Fields } from '../../config-file/strict-fields';

/** What nobody may use without a quota that covers it. */
export interface LimitedResource {
  readonly of: GroupResource;
  /** Parts of the names of what is used: `.storageclass.storage.k8s.io/`, `requests.cpu`. */
  readonly matchContains: readonly string[];
  readonly matchScopes: readonly Scope[];
}

const VERSIONS: Readonly<Record<string, string>> = {
  'apiserver.config.k8s.io/v1': 'ResourceQuotaConfiguration', 'resourcequota.admission.k8s.io/v1beta1': 'Configuration', 'resourcequota.admission.k8s.io/v1alpha1': 'Configuration',
};

/** Reads a ResourceQuotaConfiguration. @throws for what is none */
export function readLimitedResources(root: Fields): LimitedResource[] {
  const [apiVersion, kind] = [root.text('apiVersion'), root.text('kind')];
  if (VERSIONS[apiVersion] !== kind) throw new Error(`no kind "${kind}" is registered for version "${apiVersion}": it must be ResourceQuotaConfiguration of apiserver.config.k8s.io/v1`);
  root.only('apiVersion', 'kind', 'limitedResources');
  return root.optionalList('limitedResources').map((entry) => {
    entry.only('apiGroup', 'resource', 'matchContains', 'matchScopes');
    const matchScopes = entry.optionalList('matchScopes').map((scope) => {
      scope.only('scopeName', 'operator', 'values');
      return { scopeName: scope.text('scopeName'), operator: scope.text('operator'), values: scope.optionalTexts('values') };
    });
    return { of: { group: entry.optionalText('apiGroup') ?? '', resource: entry.text('resource') }, matchContains: entry.optionalTexts('matchContains'), matchScopes };
  });
}

/** Names of what is used that a quota must speak of. */
export function namesToCover(limited: readonly LimitedResource[], { group, resource }: GroupResource, usage: Amounts): string[] {
  const parts = limited.filter(({ of }) => of.group === group && of.resource === resource).flatMap(({ matchContains }) => matchContains);
  return [...usage].filter(([name, { nanos }]) => nanos > 0n && parts.some((part) => name.includes(part))).map(([name]) => name);
}

/** Scopes of the object that a quota must have. Whose they are does not matter: a scope that does not fit the kind matches nothing of it. */
export const scopesToCover = (limited: readonly LimitedResource[], evaluator: QuotaEvaluator, object: KubeObject): Scope[] =>
  limited.flatMap(({ matchScopes }) => matchScopes).filter((scope) => evaluator.matchesScope(scope, object));

/** As upstream prints them: `[{PriorityClass In [high]}]`. */
export const describeScopes = (scopes: readonly Scope[]): string => `[${scopes.map(({ scopeName, operator, values }) => `{${scopeName} ${operator} [${(values ?? []).join(' ')}]}`).join(' ')}]`;
