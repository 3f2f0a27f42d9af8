import { FieldPath } from '@navarch/apimachinery';
import { coreValidation } from '../core/validation';
import { allResources } from '../tables/resource-table';
import { schemaIdOf } from '../tables/schema-table';
import { type ContentRules, kindValidation, type KindValidation } from './kind-validation';
import { otherValidation } from './other-validation';
import { requiredBySchema } from './schema-rules';

/** By `<group>/<kind>`. */
const all: Readonly<Record<string, ContentRules>> = { ...coreValidation, ...otherValidation };

const rank = (version: string): number => (/^v\d+$/.test(version) ? 2 : version.includes('beta') ? 1 : 0);
const known = new Map<string, KindValidation | undefined>();

function prepare(group: string, kind: string): KindValidation | undefined {
  const [facts] = [...allResources()]
    .filter((candidate) => candidate.group === group && candidate.kind === kind)
    .sort((a, b) => rank(b.version) - rank(a.version) || (a.version < b.version ? 1 : -1));
  if (facts === undefined) return undefined;
  const rules = all[`${group}/${kind}`] ?? {};
  const id = schemaIdOf(group, facts.version, kind);
  const content = rules.content ?? (id === undefined ? undefined : (object: object) => requiredBySchema(object, id, FieldPath.of()));
  return kindValidation({ ...rules, ...(content === undefined ? {} : { content }) }, facts.namespaced);
}

/** The rules of a built-in kind, for objects of its storage version; undefined if there is no such kind. */
export function validationFor(group: string, kind: string): KindValidation | undefined {
  const key = `${group}/${kind}`;
  if (!known.has(key)) known.set(key, prepare(group, kind));
  return known.get(key);
}
