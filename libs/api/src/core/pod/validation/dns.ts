import { dns1123SubdomainMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { validIp } from '../../../validation/ip';
import { choice, dnsSubdomain, type Findings, present, refuse } from '../../../validation/rules';

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;

const searchPattern = /^[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*$/;

/** Search domains may have underscores, which names of objects may not. */
const searchMessages = (name: string): string[] => (name.length <= 253 && searchPattern.test(name) ? [] : dns1123SubdomainMessages(name));

/** How the pod resolves names. `before` is the spec that it replaces. */
export function validateDns(spec: Loose<corev1.PodSpec>, before: Loose<corev1.PodSpec> | undefined, path: FieldPath, found: Findings): void {
  const { dnsPolicy, dnsConfig } = spec;
  choice(dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], path.child('dnsPolicy'), found);
  const at = path.child('dnsConfig');
  if (dnsPolicy === 'None') {
    if (!dnsConfig) {
      found.push(fieldErrors.required(at, 'must provide `dnsConfig` when `dnsPolicy` is None'));
      return;
    }
    if (list(dnsConfig.nameservers).length === 0)
      found.push(fieldErrors.required(at.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  if (!dnsConfig) return;
  const { nameservers, searches, options } = dnsConfig;
  if (list(nameservers).length > maxNameservers) found.push(fieldErrors.invalid(at.child('nameservers'), nameservers, `must not have more than ${maxNameservers} nameservers`));
  const former = new Set(list(before?.dnsConfig?.nameservers));
  list(nameservers).forEach((nameserver, i) => validIp(nameserver, at.child('nameservers').index(i), found, former));
  if (list(searches).length > maxSearches) found.push(fieldErrors.invalid(at.child('searches'), searches, `must not have more than ${maxSearches} search paths`));
  if (list(searches).join(' ').length > maxSearchCharacters)
    found.push(fieldErrors.invalid(at.child('searches'), searches, `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`));
  list(searches).forEach((search, i) => {
    const name = search.replace(/\.$/, '');
    if (search !== '.') refuse(searchMessages(name), name, at.child('searches').index(i), found);
  });
  list(options).forEach(({ name }, i) => present(name, at.child('options').index(i), found, 'must not be empty'));
}

type Aliases = readonly Loose<corev1.HostAlias>[] | undefined;

/** Lines of /etc/hosts. */
export function validateHostAliases(aliases: Aliases, before: Aliases, path: FieldPath, found: Findings): void {
  if (!aliases) return;
  const known = new Set(list(before).flatMap(({ ip }) => ip ?? []));
  aliases.forEach(({ ip = '', hostnames }, i) => {
    validIp(ip, path.index(i).child('ip'), found, known);
    list(hostnames).forEach((hostname, h) => dnsSubdomain(hostname, path.index(i).child('hostnames').index(h), found));
  });
}
