// Installs the Debian packages a real cluster needs, without starting or disturbing any service of the machine.
// Used by `npm run up`, `npm test` and CI. No dependencies.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** package -> a program of it that we use */
export const packages = {
  'etcd-server': 'etcd',
  'nats-server': 'nats-server',
  containerd: 'containerd',
  runc: 'runc',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  nftables: 'nft',
  iptables: 'iptables',
  iproute2: 'ip',
  conntrack: 'conntrack',
  'busybox-static': '/bin/busybox',
  'kubernetes-client': 'kubectl',
  e2fsprogs: 'mkfs.ext4',
};

/** What only the end-to-end tests need. */
export const testPackages = { 'docker-registry': 'docker-registry', 'dnsmasq-base': 'dnsmasq', 'python3-kubernetes': '/usr/lib/python3/dist-packages/kubernetes/__init__.py', 'python3-grpc-tools': '/usr/lib/python3/dist-packages/grpc_tools/__init__.py', 'python3-pkg-resources': '/usr/lib/python3/dist-packages/pkg_resources/__init__.py' };

const policy = '/usr/sbin/policy-rc.d';
const sbin = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** True if the program is on the machine (also where only root's PATH looks). */
export function has(program) {
  if (program.startsWith('/')) return existsSync(program);
  return sbin.split(':').some((folder) => folder !== '' && existsSync(`${folder}/${program}`));
}

export function missingPackages(wanted = Object.keys(packages)) {
  return wanted.filter((name) => !has(packages[name] ?? testPackages[name] ?? name) || (name === 'busybox-static' && !isStatic('/bin/busybox')));
}

/** Debian's other busybox needs a libc, which the images made of it have not. */
function isStatic(program) {
  const binary = readFileSync(program);
  return !binary.includes('/ld-linux') && !binary.includes('/ld-musl');
}

export function isDebian() {
  try {
    return /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** Installs packages with apt; throws with what to do when it cannot. */
export function installPackages(names) {
  if (names.length === 0) return;
  const command = `apt-get install ${names.join(' ')}`;
  if (!isDebian()) throw new Error(`missing: ${names.join(', ')}; this is not Debian, install them with your package manager`);
  if (process.getuid?.() !== 0) throw new Error(`missing: ${names.join(', ')}; as root run: ${command}`);
  // A policy-rc.d that answers 101 keeps the packages' services from being started; an existing one is left alone.
  const own = !existsSync(policy);
  if (own) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PATH: sbin };
    const install = () => spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], { env, encoding: 'utf8' });
    let result = install();
    if (result.status !== 0) {
      execFileSync('apt-get', ['update', '-q'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
      result = install();
    }
    if (result.status !== 0) throw new Error(`${command} failed:\n${result.stdout}\n${result.stderr}`);
  } finally {
    if (own) rmSync(policy, { force: true });
  }
}
