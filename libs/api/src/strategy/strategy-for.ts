import { apiextensionsStrategies } from '../apiextensions/strategies';
import { appsStrategies } from '../apps/strategies';
import { batchStrategies } from '../batch/strategies';
import { certificatesStrategies } from '../certificates/strategies';
import { coreStrategies } from '../core/strategies';
import { discoveryStrategies } from '../discovery/strategies';
import { preferredResource } from '../tables/resource-table';
import { validationFor } from '../validation/validation-for';
import { gatedFieldsOf } from './gated-fields';
import { type KindRules, semanticsOf } from './kind-rules';
import { otherStrategies } from './other-strategies';
import { type ResourceSemantics } from './types';

const all: Readonly<Record<string, KindRules>> = {
  ...apiextensionsStrategies,
  ...appsStrategies,
  ...batchStrategies,
  ...certificatesStrategies,
  ...coreStrategies,
  ...discoveryStrategies,
  ...otherStrategies,
};

const known = new Map<string, ResourceSemantics | undefined>();

function prepare(group: string, resource: string): ResourceSemantics | undefined {
  const preferred = preferredResource(group, (facts) => facts.resource === resource);
  if (preferred === undefined) return undefined;
  const rules = all[`${group}/${resource}`] ?? {};
  const hasStatus = preferred.subresources.some(({ name }) => name === 'status');
  return semanticsOf(rules, preferred.version, hasStatus, validationFor(group, preferred.kind), gatedFieldsOf(`${group}/${resource}`));
}

/** How a built-in resource behaves when it is written and deleted; undefined if there is no such resource. */
export function strategyFor(group: string, resource: string): ResourceSemantics | undefined {
  const key = `${group}/${resource}`;
  if (!known.has(key)) known.set(key, prepare(group, resource));
  return known.get(key);
}
