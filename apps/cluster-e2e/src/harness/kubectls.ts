import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root } from './cluster';
import { must } from './shell';

export interface Kubectl {
  readonly path: string;
  /** Such as `1.20`. */
  readonly version: string;
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const text = await must(path, ['version', '--client', '-o', 'json']);
    const { clientVersion } = JSON.parse(text) as { clientVersion: { major: string; minor: string } };
    return `${clientVersion.major}.${clientVersion.minor.replace('+', '')}`;
  } catch {
    return undefined; // a file of that name that is no kubectl for this machine
  }
}

/** Debian's kubectl, the oldest one we promise to serve, unpacked beside the tests' output. */
async function debianKubectl(): Promise<string> {
  const folder = join(root, 'test-output', 'kubernetes-client');
  const path = join(folder, 'usr/bin/kubectl');
  if (existsSync(path)) return path;
  mkdirSync(dirname(folder), { recursive: true });
  // Other runs may do the same now: what is there is there wholly, and whose comes first stays.
  const fresh = mkdtempSync(`${folder}-`);
  try {
    await must('sh', ['-c', `cd '${fresh}' && apt-get download -q kubernetes-client && dpkg -x kubernetes-client_*.deb .`], { timeoutMs: 120_000 });
    // What a run that was interrupted left is not whole.
    if (!existsSync(path)) rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(fresh, folder);
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return path;
}

/** Every kubectl on the machine, one a version, Debian's always among them; the oldest first. */
export async function kubectls(): Promise<Kubectl[]> {
  const folders = new Set(
    (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((folder) => existsSync(join(folder, 'kubectl')))
      .flatMap((folder) => [folder, dirname(realpathSync(join(folder, 'kubectl')))]),
  );
  const found = [...folders].flatMap((folder) => readdirSync(folder).filter((name) => /^kubectl([.-]v?\d[\d.]*)?$/.test(name)).map((name) => join(folder, name)));
  const versions = new Map<string, string>();
  for (const path of [await debianKubectl(), ...found]) {
    const version = await versionOf(path);
    if (version !== undefined && !versions.has(version)) versions.set(version, path);
  }
  const minor = (version: string): number => Number(version.split('.')[1]);
  return [...versions].map(([version, path]) => ({ version, path })).sort((a, b) => minor(a.version) - minor(b.version));
}

/** The oldest and the newest: what takes minutes is tried with these, and with all where NAVARCH_EVERY_KUBECTL is set. */
export async function someKubectls(): Promise<Kubectl[]> {
  const all = await kubectls();
  return process.env['NAVARCH_EVERY_KUBECTL'] === undefined ? all.filter((_, index) => [0, all.length - 1].includes(index)) : all;
}
