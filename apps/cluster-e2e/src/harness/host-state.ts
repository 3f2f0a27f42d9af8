import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './cluster';
import { must } from './shell';

/** What a cluster could leave on its host, one line a thing, by kind. */
export type HostState = ReadonlyMap<string, ReadonlySet<string>>;

/** Cgroups that a cluster or a runtime makes: other programs of a host make their own at any time. */
const ofContainers = /\/(navarch|kubepods|k8s\.io|[0-9a-f]{64})/;

const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

export async function hostState(): Promise<HostState> {
  const output = async (...command: [string, ...string[]]): Promise<string[]> => lines(await must(command[0], command.slice(1)));
  return new Map(Object.entries({
    'network namespace': (await output('ip', 'netns', 'list')).map((line) => line.split(' ')[0] ?? ''),
    'link': (await output('ip', '-o', 'link')).map((line) => line.split(': ')[1]?.split('@')[0] ?? ''),
    'address': (await output('ip', '-o', '-4', 'address')).map((line) => line.split(/\s+/).slice(1, 4).join(' ')),
    'route': await output('ip', '-4', 'route', 'show', 'table', 'all'),
    'routing rule': await output('ip', 'rule'),
    'nftables table': await output('nft', 'list', 'tables'),
    'iptables rule': [...await output('iptables', '-S'), ...await output('iptables', '-t', 'nat', '-S')],
    'setting': ['net.ipv4.ip_forward'].map((name) => `${name} = ${readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()}`),
    'mount': lines(readFileSync('/proc/self/mountinfo', 'utf8')).map((line) => line.split(' ')[4] ?? ''),
    'cgroup': cgroups('/sys/fs/cgroup', 4).filter((path) => ofContainers.test(path)),
    'runtime file': existsSync('/run/navarch') ? readdirSync('/run/navarch', { recursive: true, encoding: 'utf8' }).map((path) => join('/run/navarch', path)) : [],
    'process': processes(),
  }).map(([kind, found]) => [kind, new Set(found)]));
}

/** What is there now and was not before, but for what belongs to another cluster that runs on this machine. */
export function leftovers(before: HostState, after: HostState, ours: readonly string[]): string[] {
  const others = otherClusters(ours);
  return [...after].flatMap(([kind, found]) => [...found].filter((line) => before.get(kind)?.has(line) !== true).map((line) => `${kind}: ${line}`))
    .filter((line) => !others.some((mark) => mark.test(line)));
}

/** By what the things of a developer's own clusters can be told from the tests'; there are none in CI. */
function otherClusters(ours: readonly string[]): RegExp[] {
  const names = existsSync('/run/navarch') ? readdirSync('/run/navarch', { withFileTypes: true }).filter((entry) => entry.isDirectory() && !ours.includes(entry.name)).map((entry) => entry.name) : [];
  return names.map((name) => {
    const file = join('/run/navarch', name, 'cluster.json');
    const { subnet, podCidr } = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { subnet: number; podCidr: string }) : { subnet: -1, podCidr: 'none' };
    const pods = podCidr.split('.').slice(0, 2).join('\\.');
    // The last two are what all clusters of a machine share.
    return new RegExp(`nv-${name}-|navarch/${name}(/|$)|navarch${subnet}\\b|nv${subnet}n|172\\.30\\.${subnet}\\.|navarch-host-${subnet}\\b|${pods}\\.|/navarch$|ip_forward`);
  });
}

function cgroups(dir: string, depth: number): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory()).flatMap(({ name }) => [join(dir, name), ...(depth > 1 ? cgroups(join(dir, name), depth - 1) : [])]);
}

/** Processes of clusters of this clone: those of a supervisor, those that name its files, and what runs in containers. */
function processes(): string[] {
  const own = readlinkSync('/proc/self/ns/pid');
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const inContainer = readlinkSync(`/proc/${pid}/ns/pid`) !== own;
      // Without a command line it is dead, and only waits for the machine's init.
      if (command === '') return [];
      return inContainer || command.includes(`${root}/.navarch/`) || command.includes('/run/navarch/') ? [`${pid} ${command}`] : [];
    } catch {
      return []; // it ended meanwhile: nothing was left of it
    }
  });
}
