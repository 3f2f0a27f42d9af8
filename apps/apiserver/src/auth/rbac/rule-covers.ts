import type { rbacv1 } from '@navarch/api';
import { compareStrings, goQuote } from '@navarch/apimachinery';
import { urlCovers } from './rule-match';

type Rule = rbacv1.PolicyRule;

/** A rule with at most one group, resource, name or path, and one verb: what another rule covers whole or not at all. */
interface Atom {
  readonly verb: string;
  readonly group?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly url?: string;
}

function* atomsOf(rule: Rule): Generator<Atom> {
  const names = rule.resourceNames ?? [];
  for (const group of rule.apiGroups ?? [])
    for (const resource of rule.resources ?? [])
      for (const verb of rule.verbs) {
        if (names.length === 0) yield { verb, group, resource };
        else for (const name of names) yield { verb, group, resource, name };
      }
  for (const url of rule.nonResourceURLs ?? []) for (const verb of rule.verbs) yield { verb, url };
}

const allows = (values: readonly string[] | undefined, wanted: string): boolean => values !== undefined && (values.includes('*') || values.includes(wanted));

function resourceCovered(resources: readonly string[] | undefined, resource: string): boolean {
  if (allows(resources, resource)) return true;
  const slash = resource.indexOf('/');
  return slash > 0 && (resources?.includes(`*${resource.slice(slash)}`) ?? false);
}

function covers(owner: Rule, { verb, group, resource, name, url }: Atom): boolean {
  if (!allows(owner.verbs, verb)) return false;
  const names = owner.resourceNames ?? [];
  if (url !== undefined) return names.length === 0 && (owner.nonResourceURLs?.some((known) => urlCovers(known, url)) ?? false);
  if (!allows(owner.apiGroups, group ?? '') || !resourceCovered(owner.resources, resource ?? '')) return false;
  return names.length === 0 || (name !== undefined && names.includes(name));
}

function ruleOf({ verb, group, resource, name, url }: Atom): Rule {
  if (url !== undefined) return { verbs: [verb], nonResourceURLs: [url] };
  return { verbs: [verb], apiGroups: [group ?? ''], resources: [resource ?? ''], ...(name === undefined ? {} : { resourceNames: [name] }) };
}

/** What the wanted rules allow and the held ones do not, in the smallest pieces; upstream's validation.Covers. */
export function uncovered(held: readonly Rule[], wanted: readonly Rule[]): Rule[] {
  const missing: Rule[] = [];
  for (const rule of wanted) for (const atom of atomsOf(rule)) if (!held.some((owner) => covers(owner, atom))) missing.push(ruleOf(atom));
  return missing;
}

/** Pieces that differ only in their verb, put together again. */
function compacted(pieces: readonly Rule[]): Rule[] {
  const byTarget = new Map<string, Rule>();
  const others: Rule[] = [];
  for (const rule of pieces) {
    if (rule.nonResourceURLs !== undefined) {
      others.push(rule);
      continue;
    }
    const target = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const known = byTarget.get(target);
    byTarget.set(target, known ? { ...known, verbs: [...known.verbs, ...rule.verbs] } : rule);
  }
  return [...others, ...byTarget.values()];
}

/** A list of strings as Go prints it with %q. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map(goQuote).join(' ')}]`;
}

function textOf(rule: Rule): string {
  const parts: string[] = [];
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined && values.length > 0) parts.push(`${name}:${quotedList(values)}`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

/** Rules as upstream lists them in a refusal: one a line, sorted. */
export function describeRules(pieces: readonly Rule[]): string {
  return [...new Set(compacted(pieces).map(textOf))].sort(compareStrings).join('\n');
}
