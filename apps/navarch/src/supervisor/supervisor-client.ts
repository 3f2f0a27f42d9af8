import { request } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import type { Layout } from '../cluster/layout';
import type { ProcessSpec } from '../processes/process-spec';
import type { SupervisorState } from './supervisor';

/** Over a connection of its own: one that was kept may be closed by the supervisor in the moment in which it is used again. */
function ask(socketPath: string, method: string, path: string): Promise<SupervisorState> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString()) as SupervisorState);
        } catch (error) {
          reject(new Error('the supervisor gave an answer that is not JSON', { cause: error }));
        }
      });
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}

/** The running supervisor's state; undefined when none runs. Throws when it is that of another clone's cluster of this name. */
export async function supervisorState(layout: Layout): Promise<SupervisorState | undefined> {
  const state = await ask(layout.controlSocket, 'GET', '/state').catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  });
  if (state !== undefined && state.dir !== layout.dir) {
    throw new Error(`cluster "${layout.cluster}" of ${state.dir} runs on this machine (supervisor pid ${state.pid}): stop it there, or take another name with --name`);
  }
  return state;
}

export async function stopSupervisor(layout: Layout): Promise<void> {
  await ask(layout.controlSocket, 'POST', '/stop');
}

/** What the cluster last ran, as its supervisor was told; empty when nothing was ever started. */
export function plannedSpecs(layout: Layout): ProcessSpec[] {
  if (!existsSync(layout.plan)) return [];
  try {
    return JSON.parse(readFileSync(layout.plan, 'utf8')) as ProcessSpec[];
  } catch {
    return []; // `up` was cut off while it wrote: nothing was started yet
  }
}
