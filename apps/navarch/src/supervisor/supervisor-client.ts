import { request } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import type { Layout } from '../cluster/layout';
import type { SupervisorState } from './supervisor';

function ask(socketPath: string, method: string, path: string): Promise<SupervisorState> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path }, (response) => {
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

/** The running supervisor's state; undefined when none runs. */
export async function supervisorState(layout: Layout): Promise<SupervisorState | undefined> {
  try {
    return await ask(layout.controlSocket, 'GET', '/state');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

export async function stopSupervisor(layout: Layout): Promise<void> {
  await ask(layout.controlSocket, 'POST', '/stop');
}

/** Processes a supervisor left behind when it was killed. */
export function leftBehind(layout: Layout): SupervisorState | undefined {
  if (!existsSync(layout.processes)) return undefined;
  try {
    return JSON.parse(readFileSync(layout.processes, 'utf8')) as SupervisorState;
  } catch {
    return undefined; // written by nothing of ours: nothing to learn from it
  }
}
