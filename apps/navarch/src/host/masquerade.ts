/**
 * Whether rules let somebody's addresses out through this host, as nft and iptables list them. Who masquerades needs
 * forwarding: a Docker that was started while forwarding was on relies on it without a word.
 */
export function masquerades(rules: string): boolean {
  return rules.split('\n').some((line) => !line.trimStart().startsWith('#') && /\bmasquerade\b/i.test(line));
}
