import { request } from 'node:http';
import { must } from './shell';

/** A container, as the engine tells of it. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Pid: number; readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly User: string; readonly Env: readonly string[]; readonly Healthcheck?: { readonly Test: readonly string[] }; readonly Labels: Readonly<Record<string, string>> };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  readonly HostConfig: {
    readonly Privileged: boolean; readonly ReadonlyRootfs: boolean; readonly CapDrop: readonly string[] | null; readonly CapAdd: readonly string[] | null; readonly SecurityOpt: readonly string[] | null;
    readonly RestartPolicy: { readonly Name: string };
  };
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
        else reject(new Error(`Docker's engine answers ${path} with ${answer.statusCode ?? 0}: ${text}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`Docker's engine does not answer ${path}`)));
    call.on('error', reject);
    call.end();
  });
}

/** Ids of all containers with these labels, those too that do not run. */
export async function containerIds(labels: Readonly<Record<string, string>>): Promise<string[]> {
  const filters = JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
  return (await ask<{ Id: string }[]>(`/containers/json?all=true&filters=${encodeURIComponent(filters)}`)).map(({ Id }) => Id);
}

export const inspect = (id: string): Promise<Container> => ask(`/containers/${id}/json`);

/**
 * Does in a container what its health check does, and rejects unless that succeeds. Beside the engine, which takes half a second
 * of a processor to begin something in a container.
 */
export async function checkHealth({ Name, State, Config }: Container): Promise<void> {
  const [kind, ...command] = Config.Healthcheck?.Test ?? [];
  if (kind !== 'CMD') throw new Error(`${Name} has no health check that is a command`);
  if (State.Pid === 0) throw new Error(`${Name} does not run`);
  const user = /^\d+$/.test(Config.User) ? Config.User : '0';
  const namespaces = ['mount', 'net', 'pid', 'ipc', 'uts'].map((namespace) => `--${namespace}`);
  await must('nsenter', ['--target', String(State.Pid), ...namespaces, '--root', '--wd', '--setuid', user, '--setgid', user, '--', ...command], { env: Object.fromEntries(Config.Env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)])) });
}
