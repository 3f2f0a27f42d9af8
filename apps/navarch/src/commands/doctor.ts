import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { resolve } from 'node:path';
import pc from 'picocolors';
import { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import { isFree, portsOf } from '../cluster/ports';
import { type ClusterSettings, loadSettings } from '../cluster/settings';
import { isRoot } from '../host/capabilities';
import { succeeds } from '../host/command';
import { portOwner } from '../host/port-owner';
import { simulatedNeeds, systemPackages } from '../host/requirements';
import { lastError } from '../supervisor/last-error';
import { supervisorState } from '../supervisor/supervisor-client';
import { plannedProcesses } from './down';
import { healthOf } from './wait';

interface Finding {
  readonly what: string;
  /** `note`: nothing is broken, but something is not possible. */
  readonly kind: 'ok' | 'note' | 'bad';
  /** How to mend it. */
  readonly mend?: string;
}

const gib = 1024 ** 3;
const enoughGib = 2;
const ok = (what: string): Finding => ({ what, kind: 'ok' });
const bad = (what: string, mend: string): Finding => ({ what, kind: 'bad', mend });
const check = (passes: boolean, what: string, mend: string): Finding => (passes ? ok(what) : bad(what, mend));
const marks = { ok: pc.green('ok  '), note: pc.yellow('note'), bad: pc.red('bad ') };

/** `npm run doctor`: what is missing or broken, and how to mend it. Returns false if anything is. */
export async function doctor(cluster: string, root: string): Promise<boolean> {
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  const findings = [...(await machine(root, settings)), ...(await clusterHealth(layout, settings))];
  for (const { what, kind, mend } of findings) process.stdout.write(`${marks[kind]} ${what}${kind === 'ok' || mend === undefined ? '' : `\n       ${mend}`}\n`);
  return findings.every(({ kind }) => kind !== 'bad');
}

async function machine(root: string, settings: ClusterSettings | undefined): Promise<Finding[]> {
  const system = await systemPackages(root);
  const real = settings === undefined ? isRoot() : settings.runtime === 'containerd';
  const missing = system.missingPackages(real ? undefined : simulatedNeeds);
  const { bavail, bsize } = statfsSync('.');
  const free = (bavail * bsize) / gib;
  return [
    ok(`Node ${process.versions.node}`),
    ...(isRoot() ? [] : [{ what: 'not root: nodes are simulated', kind: real ? 'bad' : 'note', mend: 'run as root for real containers' } as const]),
    check(missing.length === 0, missing.length === 0 ? 'system packages' : `missing packages: ${missing.join(', ')}`,
      system.isDebian() ? `npm run up installs them when it is run as root; or: apt-get install ${missing.join(' ')}` : 'install them with your package manager'),
    ...(system.has('kubectl') ? [] : [{ what: 'no kubectl', kind: 'note', mend: 'the cluster runs without it; apt-get install kubernetes-client' } as const]),
    check(isWritable('.'), `${resolve('.navarch')} can be written`, 'run from a directory of yours: state is kept in .navarch below it'),
    check(free > enoughGib, `${free.toFixed(1)} GiB free on this disk`, `free some space: images and logs need about ${enoughGib} GiB, and nodes evict pods on a full disk`),
    ...(real && isRoot() ? kernel(system.has('nft')) : []),
  ];
}

function kernel(hasNft: boolean): Finding[] {
  return [
    check(
      existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/memory'),
      'cgroups mounted',
      'mount the cgroup file systems (apt-get install cgroupfs-mount, or boot with systemd)',
    ),
    check(
      readFileSync('/proc/filesystems', 'utf8').includes('overlay') || succeeds('modprobe', ['overlay']),
      'overlay file system',
      'load the kernel module: modprobe overlay',
    ),
    ...(hasNft ? [check(succeeds('nft', ['list', 'tables']), 'nftables usable', 'load the kernel module: modprobe nf_tables')] : []),
    check(existsSync('/proc/self/ns/net'), 'network namespaces', 'this kernel was built without CONFIG_NET_NS'),
  ];
}

function isWritable(path: string): boolean {
  try {
    accessSync(existsSync('.navarch') ? '.navarch' : path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function clusterHealth(layout: Layout, settings: ClusterSettings | undefined): Promise<Finding[]> {
  if (settings === undefined) {
    return [
      ok(`no cluster "${layout.cluster}" yet`),
      ...((await isFree(6443))
        ? []
        : [bad(`port 6443 is in use by ${portOwner(6443)}`, `stop it, or use ${npmRun('up', layout.cluster, '--api-port', 'PORT')}`)]),
    ];
  }
  const state = await supervisorState(layout);
  if (state === undefined) return downHealth(layout, settings);
  return Promise.all(state.processes.map(async (entry) => {
    const health = await healthOf(entry);
    const said = lastError(layout.log(entry.name));
    const log = `${said === undefined ? '' : `last complaint: ${said}\n       `}log: ${layout.log(entry.name)}`;
    if (health.ok && entry.restarts > 0) return { what: `${entry.name}: ok, but it was restarted ${entry.restarts} times, last after ${entry.lastExit ?? ''}`, kind: 'note', mend: log } as const;
    return check(health.ok, `${entry.name}: ${health.detail}`, log);
  }));
}

async function downHealth(layout: Layout, settings: ClusterSettings): Promise<Finding[]> {
  const left = plannedProcesses(layout);
  if (left.length > 0) {
    return [
      bad(
        `the supervisor of "${layout.cluster}" was killed and ${left.length} of its processes still run`,
        `${npmRun('down', layout.cluster)} ends them; ${npmRun('up', layout.cluster)} starts anew`,
      ),
    ];
  }
  const findings = [ok(`cluster "${layout.cluster}" is down; ${npmRun('up', layout.cluster)} starts it`)];
  for (const [port, name] of portsOf(settings))
    if (!(await isFree(port))) {
      findings.push(
        bad(
          `port ${port} (${name}) is in use by ${portOwner(port)}`,
          `stop it before ${npmRun('up', layout.cluster)}, or make another cluster with another --name`,
        ),
      );
    }
  return findings;
}
