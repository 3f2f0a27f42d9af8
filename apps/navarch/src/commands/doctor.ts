import { existsSync, readFileSync, statfsSync } from 'node:fs';
import pc from 'picocolors';
import { Layout } from '../cluster/layout';
import { loadSettings } from '../cluster/settings';
import { isRoot } from '../host/capabilities';
import { succeeds } from '../host/command';
import { portOwner } from '../host/port-owner';
import { systemPackages } from '../host/requirements';
import { probe } from '../supervisor/probe';
import { leftBehind, supervisorState } from '../supervisor/supervisor-client';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** How to mend it. */
  readonly mend?: string;
}

const gib = 1024 ** 3;

/** `npm run doctor`: what is missing or broken, and how to mend it. Returns false if anything is. */
export async function doctor(cluster: string, root: string): Promise<boolean> {
  const findings = [...(await machine(root)), ...(await clusterHealth(cluster))];
  for (const { what, ok, mend } of findings) process.stdout.write(`${ok ? pc.green('ok ') : pc.red('bad')} ${what}${ok || mend === undefined ? '' : `\n      ${mend}`}\n`);
  return findings.every((finding) => finding.ok);
}

async function machine(root: string): Promise<Finding[]> {
  const system = await systemPackages(root);
  const missing = system.missingPackages();
  const { bavail, bsize } = statfsSync('.');
  const free = (bavail * bsize) / gib;
  const findings: Finding[] = [
    { what: `Node ${process.versions.node}`, ok: true },
    { what: isRoot() ? 'root' : 'not root: only simulated nodes are possible', ok: isRoot(), mend: 'run as root for real containers' },
    missing.length === 0
      ? { what: 'system packages', ok: true }
      : { what: `missing packages: ${missing.join(', ')}`, ok: false, mend: system.isDebian() ? 'npm run up installs them as root' : 'install them with your package manager' },
    { what: `${free.toFixed(1)} GiB free on this disk`, ok: free > 2, mend: 'free some space: images and logs need about 2 GiB' },
  ];
  if (isRoot() && process.platform === 'linux') {
    findings.push(
      { what: 'cgroups mounted', ok: existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/memory'), mend: 'mount the cgroup file systems (cgroupfs-mount, or boot with systemd)' },
      { what: 'overlay file system', ok: readFileSync('/proc/filesystems', 'utf8').includes('overlay') || succeeds('modprobe', ['overlay']), mend: 'load the kernel module: modprobe overlay' },
    );
    if (system.has('nft')) findings.push({ what: 'nftables usable', ok: succeeds('nft', ['list', 'tables']), mend: 'load the kernel module: modprobe nf_tables' });
  }
  return findings;
}

async function clusterHealth(cluster: string): Promise<Finding[]> {
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) {
    const owner = succeeds('sh', ['-c', 'exec 3<>/dev/tcp/127.0.0.1/6443']) ? portOwner(6443) : undefined;
    return owner === undefined ? [] : [{ what: `port 6443 is in use by ${owner}`, ok: false, mend: 'stop it, or use npm run up -- --api-port PORT' }];
  }
  const state = await supervisorState(layout);
  if (state === undefined) {
    const left = leftBehind(layout);
    return left === undefined
      ? [{ what: `cluster "${cluster}" is down`, ok: true }]
      : [{ what: `the supervisor of "${cluster}" was killed; its processes may still run`, ok: false, mend: 'npm run down, then npm run up' }];
  }
  return Promise.all(state.processes.map(async (entry) => {
    const health = entry.state === 'running' ? await probe(entry.spec.health, layout) : { ok: false, detail: `${entry.state}, last ended with ${entry.lastExit ?? 'nothing known'}` };
    return { what: `${entry.name}: ${health.detail}`, ok: health.ok, mend: `see ${layout.log(entry.name)}` };
  }));
}
