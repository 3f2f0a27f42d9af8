import { goQuote } from '@navarch/apimachinery';
import { formatLevelVersion, type Policy } from '@navarch/pod-security';

const MODES = ['enforce', 'audit', 'warn'] as const;

const isOpen = (policy: Policy): boolean => MODES.every((mode) => policy[mode].level === 'privileged');
const areSame = (a: Policy, b: Policy): boolean => MODES.every((mode) => formatLevelVersion(a[mode]) === formatLevelVersion(b[mode]));

/** What to say of the labels of a namespace that is held to nothing whatever they say; undefined where they ask for nothing. */
export function exemptNamespaceWarning(name: string, policy: Policy, defaults: Policy, labels: Readonly<Record<string, string>> = {}): string | undefined {
  if (isOpen(policy) || areSame(policy, defaults)) return undefined;
  const isSaid = (mode: string): boolean => [mode, `${mode}-version`].some((label) => labels[`pod-security.kubernetes.io/${label}`] !== undefined);
  const said = MODES.filter((mode) => policy[mode].level !== 'privileged' && isSaid(mode)).map((mode) => `${mode}=${formatLevelVersion(policy[mode])}`);
  return `namespace ${goQuote(name)} is exempt from Pod Security, and the policy (${said.join(', ')}) will be ignored`;
}
