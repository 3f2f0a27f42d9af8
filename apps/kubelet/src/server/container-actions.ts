import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock } from '@navarch/clock';
import { errorText } from '../error-text';
import { findRunningContainer } from '../node-service/find-container';
import { type PodTable } from '../pods/pod-table';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';
import { HttpError } from './http-error';

export interface ContainerActionsDeps {
  readonly table: PodTable;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  /** Where checkpoints are kept. */
  readonly checkpoints: string;
}

/** Upstream waits no shorter for a command that nobody waits for. */
const runTimeoutSeconds = 120;

/** Runs a command in a container and resolves with what it said, whatever it ended with: upstream's /run. Rejects with an ApiError for a container that is not there. */
export async function runInContainer([namespace = '', pod = '', ...more]: readonly string[], query: URLSearchParams, { table, runtime }: ContainerActionsDeps): Promise<Buffer> {
  const { id } = findRunningContainer(table, { namespace, pod, podUid: more.length > 1 ? more[0] ?? '' : '', container: more.at(-1) ?? '' });
  const { stdout, stderr } = await runtime.execSync(id, (query.get('cmd') ?? '').split(' '), runTimeoutSeconds);
  return Buffer.concat([stdout, stderr]);
}

/** Writes a running container down as an archive that it can be restored from; resolves with its path. */
export async function checkpointContainer(
  [namespace = '', pod = '', container = '']: readonly string[],
  query: URLSearchParams,
  { table, runtime, clock, checkpoints }: ContainerActionsDeps,
): Promise<string> {
  const timeout = query.get('timeout') ?? '0';
  if (!/^\d+$/.test(timeout)) throw new HttpError(400, 'cannot parse value of timeout parameter');
  const { id } = findRunningContainer(table, { namespace, pod, podUid: '', container });
  const location = join(checkpoints, `checkpoint-${pod}_${namespace}-${container}-${new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')}.tar`);
  await mkdir(checkpoints, { recursive: true, mode: 0o700 });
  try {
    await runtime.checkpointContainer(id, location, Number(timeout));
    return location;
  } catch (error) {
    const code = error instanceof RuntimeUnsupportedError ? 404 : 500;
    throw new HttpError(code, `checkpointing of ${namespace}/${pod}/${container} failed (${errorText(error)})`);
  }
}
