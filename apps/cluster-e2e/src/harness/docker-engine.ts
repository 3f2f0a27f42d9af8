import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { must } from './shell';

interface HealthCheck {
  readonly Test: readonly string[];
  /** In nanoseconds; 0 or none for the engine's default. */
  readonly Timeout?: number;
}

/** A container, as the engine tells of it. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number; readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Healthcheck?: HealthCheck;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  readonly HostConfig: {
    readonly Privileged: boolean;
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly RestartPolicy: { readonly Name: string };
  };
}

/** What the engine answers in place of what was asked for. */
class Refusal extends Error {
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

const socketPath = (): string => (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').slice('unix://'.length);

/** Asks Docker's engine at its socket: a `docker` for each question would take a processor from what is waited for. */
function ask<T>(path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socketPath(), path, timeout: 30_000 }, (answer) => {
      const body: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => body.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(body).toString();
        if (answer.statusCode === 200) resolve(JSON.parse(text) as T);
        else reject(new Refusal(answer.statusCode ?? 0, `Docker's engine answers ${path} with ${answer.statusCode ?? 0}: ${text}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`Docker's engine does not answer ${path}`)));
    call.on('error', reject);
    call.end();
  });
}

const labelled = (labels: Readonly<Record<string, string>>): string => `filters=${encodeURIComponent(JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) }))}`;

/** Ids of all containers with these labels, those too that do not run. */
export async function containerIds(labels: Readonly<Record<string, string>>): Promise<string[]> {
  return (await ask<{ Id: string }[]>(`/containers/json?all=true&${labelled(labels)}`)).map(({ Id }) => Id);
}

/** Whether there is a container, a network or a volume with these labels. */
export async function hasAnything(labels: Readonly<Record<string, string>>): Promise<boolean> {
  const [containers, networks, { Volumes }] = await Promise.all([
    containerIds(labels),
    ask<unknown[]>(`/networks?${labelled(labels)}`),
    ask<{ Volumes: unknown[] | null }>(`/volumes?${labelled(labels)}`),
  ]);
  return containers.length + networks.length + (Volumes ?? []).length > 0;
}

export const inspect = (id: string): Promise<Container> => ask(`/containers/${id}/json`);

/** The same of several, without those that are gone since somebody listed them. */
export async function inspectAll(ids: readonly string[]): Promise<Container[]> {
  const found = await Promise.all(ids.map((id) => inspect(id).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 404) return undefined;
    throw error;
  })));
  return found.filter((container) => container !== undefined);
}

/** What the engine gives a health check, and what containers search for programs, unless they say otherwise. */
const [defaultTimeoutNs, defaultPath] = [30_000_000_000, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

/** The ids of the user and of the group as which a process works, from its file `status`. */
function effectiveIds(status: string): { user: string; group: string } {
  const [user, group] = ['Uid', 'Gid'].map((name) => new RegExp(`^${name}:\\s+\\d+\\s+(\\d+)`, 'm').exec(status)?.[1]);
  if (user === undefined || group === undefined) throw new Error(`no user in:\n${status}`);
  return { user, group };
}

/**
 * Does in a container what its health check does, as its user, in its environment and within the check's own time, and rejects
 * unless that succeeds. Beside the engine, which takes half a second of a processor to begin something in a container.
 */
export async function checkHealth({ Name, State, Config }: Pick<Container, 'Name' | 'State' | 'Config'>): Promise<void> {
  const [kind, ...command] = Config.Healthcheck?.Test ?? [];
  if (kind !== 'CMD') throw new Error(`${Name} has no health check that is a command`);
  if (State.Pid === 0) throw new Error(`${Name} does not run`);
  const { user, group } = effectiveIds(readFileSync(`/proc/${State.Pid}/status`, 'utf8'));
  const namespaces = ['mount', 'net', 'pid', 'ipc', 'uts'].map((namespace) => `--${namespace}`);
  const env = { PATH: defaultPath, ...Object.fromEntries(Config.Env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)])) };
  // Both are the host's, whatever the container's PATH is. What enters a pid namespace does so in a child: only `timeout` ends that too.
  const within = ['/usr/bin/nsenter', '--target', String(State.Pid), ...namespaces, '--root', '--wd', '--setuid', user, '--setgid', group, '--'];
  await must('/usr/bin/timeout', ['--signal=KILL', `${(Config.Healthcheck?.Timeout || defaultTimeoutNs) / 1e9}s`, ...within, ...command], { env, bareEnv: true });
}
