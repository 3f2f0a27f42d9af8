import { type Policy, readPolicy } from '@navarch/pod-security';
import type { Fields } from '../../config-file/strict-fields';

/** Who and what is not held to any standard. */
export interface PodSecurityExemptions {
  readonly usernames: readonly string[];
  readonly runtimeClasses: readonly string[];
  readonly namespaces: readonly string[];
}

/** A PodSecurityConfiguration: pod-security.admission.config.k8s.io/v1. */
export interface PodSecurityConfiguration {
  /** What namespaces are held to whose labels say nothing. */
  readonly defaults: Policy;
  readonly exemptions: PodSecurityExemptions;
}

export const openByDefault: PodSecurityConfiguration = { defaults: readPolicy(undefined).policy, exemptions: { usernames: [], runtimeClasses: [], namespaces: [] } };

const MODES = ['enforce', 'audit', 'warn'];

/** @throws for what is none */
export function readPodSecurityConfiguration(root: Fields): PodSecurityConfiguration {
  root.only('apiVersion', 'kind', 'defaults', 'exemptions');
  const kind = root.text('kind');
  if (kind !== 'PodSecurityConfiguration') throw root.wrong(`"${kind}" must be PodSecurityConfiguration`, 'kind');
  const [fields, exempt] = [root.object('defaults'), root.object('exemptions')];
  const names = MODES.flatMap((mode) => [mode, `${mode}-version`]);
  fields.only(...names);
  exempt.only('usernames', 'runtimeClasses', 'namespaces');
  const given = names.map((name) => [name, fields.optionalText(name) ?? ''] as const).filter(([, text]) => text !== '');
  const { policy, errors } = readPolicy(Object.fromEntries(given.map(([name, text]) => [`pod-security.kubernetes.io/${name}`, text])));
  const [fault] = errors;
  if (fault) throw new Error(`defaults: ${fault.message}`);
  // A level to warn about is not implied here, as it is by labels: the file says all.
  const said = Object.fromEntries(given);
  const warn = said['warn'] === undefined ? { ...policy.warn, level: openByDefault.defaults.warn.level } : policy.warn;
  return {
    defaults: { ...policy, warn },
    exemptions: {
      usernames: exempt.optionalTexts('usernames'),
      runtimeClasses: exempt.optionalTexts('runtimeClasses'),
      namespaces: exempt.optionalTexts('namespaces'),
    },
  };
}
