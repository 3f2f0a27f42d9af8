import { readFileSync, statSync } from 'node:fs';

import { type runtimev1 } from '@navarch/proto';

import type { ProcessContext } from '../shell/simulated-process';
import type { ContainerRecord, SandboxRecord } from './model';

const MAX_FILE_BYTES = 1 << 20;

/** A file of the host, when it is a small regular one. */
function readHostFile(path: string): string | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= MAX_FILE_BYTES ? readFileSync(path, 'utf8') : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}

function mountOf(path: string, mounts: readonly runtimev1.Mount[]): runtimev1.Mount | undefined {
  const covering = mounts.filter(({ containerPath }) => path === containerPath || path.startsWith(`${containerPath.replace(/\/$/, '')}/`));
  return covering.sort((a, b) => b.containerPath.length - a.containerPath.length)[0];
}

function resolvConf(sandbox: SandboxRecord): string {
  const dns = sandbox.config.dnsConfig;
  const lines = [
    ...(dns?.searches.length ? [`search ${dns.searches.join(' ')}`] : []),
    ...(dns?.servers ?? []).map((server) => `nameserver ${server}`),
    ...(dns?.options.length ? [`options ${dns.options.join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What a process in the container sees: its environment, its mounts, the files every runtime provides. */
export function processContext(sandbox: SandboxRecord, container: ContainerRecord, files: Map<string, string>): ProcessContext {
  const hostname = sandbox.config.hostname || (sandbox.config.metadata?.name ?? 'localhost');
  return {
    hostname,
    env: new Map([
      ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ['HOSTNAME', hostname],
      ...container.config.envs.map(({ key, value }) => [key, value.toString()] as const),
    ]),
    workingDir: container.config.workingDir || '/',
    files,
    readFile: (path) => {
      const mount = mountOf(path, container.config.mounts);
      if (mount) return readHostFile(mount.hostPath + path.slice(mount.containerPath.replace(/\/$/, '').length));
      if (path === '/etc/hostname') return `${hostname}\n`;
      if (path === '/etc/resolv.conf') return resolvConf(sandbox);
      if (path === '/etc/hosts') return `127.0.0.1\tlocalhost\n${sandbox.ip}\t${hostname}\n`;
      return undefined;
    },
  };
}
