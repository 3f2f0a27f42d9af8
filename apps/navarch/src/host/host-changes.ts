import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bridgeName, nodeNetwork } from '../cluster/addresses';
import type { ClusterSettings } from '../cluster/settings';
import { run, succeeds } from './command';

/** What `up` changed on the host itself, so that `down --purge` can put it back. */
interface HostChanges {
  /** Value of net.ipv4.ip_forward before, if it was changed. */
  ipForwardBefore?: string;
  forwardRules?: boolean;
}

const forwarding = '/proc/sys/net/ipv4/ip_forward';
const comment = (subnet: number): string => `navarch ${subnet}`;

/** iptables arguments that let the nodes' traffic pass where another program (Docker) made DROP the policy. */
function forwardRules(subnet: number): string[][] {
  const bridge = bridgeName(subnet);
  return [
    ['-i', bridge, '-m', 'comment', '--comment', comment(subnet), '-j', 'ACCEPT'],
    ['-o', bridge, '-m', 'comment', '--comment', comment(subnet), '-j', 'ACCEPT'],
  ];
}

const table = (subnet: number): string => `navarch-host-${subnet}`;

/** Lets nodes and pods reach the outside: forwarding, masquerade in a table of our own. Returns what it did, for people. */
export function changeHost(file: string, { subnet, podCidr }: Pick<ClusterSettings, 'subnet' | 'podCidr'>): string[] {
  const known: HostChanges = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as HostChanges) : {};
  const done: string[] = [];
  const before = readFileSync(forwarding, 'utf8').trim();
  if (before !== '1') {
    known.ipForwardBefore ??= before;
    writeFileSync(forwarding, '1');
    done.push('net.ipv4.ip_forward = 1');
  }
  run('nft', ['-f', '-'], {
    input: [
      `table ip ${table(subnet)}`,
      `delete table ip ${table(subnet)}`,
      `table ip ${table(subnet)} {`,
      '  chain postrouting {',
      '    type nat hook postrouting priority srcnat; policy accept;',
      `    ip saddr { ${nodeNetwork(subnet)}, ${podCidr} } ip daddr != { ${nodeNetwork(subnet)}, ${podCidr} } oifname != "${bridgeName(subnet)}" masquerade`,
      '  }',
      '}',
    ].join('\n'),
  });
  done.push(`nftables table ip ${table(subnet)} (masquerade for ${nodeNetwork(subnet)} and ${podCidr})`);
  if (succeeds('iptables', ['-S', 'FORWARD']) && run('iptables', ['-S', 'FORWARD']).includes('-P FORWARD DROP')) {
    for (const rule of forwardRules(subnet))
      if (!succeeds('iptables', ['-C', 'FORWARD', ...rule])) run('iptables', ['-I', 'FORWARD', ...rule]);
    known.forwardRules = true;
    done.push(`iptables FORWARD accepts ${bridgeName(subnet)}, because its policy is DROP`);
  }
  writeFileSync(file, JSON.stringify(known));
  return done;
}

/** Undoes changeHost. */
export function restoreHost(file: string, subnet: number): void {
  if (!existsSync(file)) return;
  const known = JSON.parse(readFileSync(file, 'utf8')) as HostChanges;
  if (succeeds('nft', ['list', 'table', 'ip', table(subnet)])) run('nft', ['delete', 'table', 'ip', table(subnet)]);
  if (known.forwardRules === true)
    for (const rule of forwardRules(subnet)) while (succeeds('iptables', ['-D', 'FORWARD', ...rule]));
  if (known.ipForwardBefore !== undefined) writeFileSync(forwarding, known.ipForwardBefore);
  rmSync(file);
}
