import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bridgeName, nodeNetwork } from '../cluster/addresses';
import type { ClusterSettings } from '../cluster/settings';
import { run, succeeds } from './command';
import { masquerades } from './masquerade';

/** What `up` changed on the host for one cluster, so that `down --purge` can put it back. */
interface HostChanges {
  forwardRules?: boolean;
}

/** Where the changes of a cluster are noted, and what was before those that all clusters of the machine share. */
export interface HostNotes {
  readonly ofCluster: string;
  /** Gone after a reboot, as is the change. */
  readonly forwardingBefore: string;
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
export function changeHost(notes: HostNotes, { subnet, podCidr }: Pick<ClusterSettings, 'subnet' | 'podCidr'>): string[] {
  const known = read(notes.ofCluster) ?? {};
  const done: string[] = [];
  const before = readFileSync(forwarding, 'utf8').trim();
  if (before !== '1') {
    mkdirSync(dirname(notes.forwardingBefore), { recursive: true });
    if (!existsSync(notes.forwardingBefore)) writeFileSync(notes.forwardingBefore, before);
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
  writeFileSync(notes.ofCluster, JSON.stringify(known));
  return done;
}

/** Undoes changeHost; answers what it undid, for people. What other clusters need too stays until the last of them. */
export function restoreHost(notes: HostNotes, subnet: number, isLast: boolean): string[] {
  const undone: string[] = [];
  if (succeeds('nft', ['list', 'table', 'ip', table(subnet)])) {
    run('nft', ['delete', 'table', 'ip', table(subnet)]);
    undone.push(`nftables table ip ${table(subnet)}`);
  }
  if (read(notes.ofCluster)?.forwardRules === true) {
    for (const rule of forwardRules(subnet)) while (succeeds('iptables', ['-D', 'FORWARD', ...rule]));
    undone.push(`iptables FORWARD rules for ${bridgeName(subnet)}`);
  }
  rmSync(notes.ofCluster, { force: true });
  if (isLast && existsSync(notes.forwardingBefore) && othersForward()) {
    rmSync(notes.forwardingBefore);
    undone.push('all but net.ipv4.ip_forward = 1, which stays: something else on this host masquerades by now and needs it');
  } else if (isLast && existsSync(notes.forwardingBefore)) {
    const before = readFileSync(notes.forwardingBefore, 'utf8');
    writeFileSync(forwarding, before);
    rmSync(notes.forwardingBefore);
    undone.push(`net.ipv4.ip_forward = ${before} again`);
  }
  return undone;
}

/** Asked when our own rules are gone. */
function othersForward(): boolean {
  return masquerades(run('nft', ['list', 'ruleset'])) || (succeeds('iptables', ['-t', 'nat', '-S']) && masquerades(run('iptables', ['-t', 'nat', '-S'])));
}

function read(file: string): HostChanges | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as HostChanges) : undefined;
}
