import { connect } from 'node:net';
import type { HealthProbe } from '../processes/process-spec';
import { httpGet } from './http-get';

export interface Health {
  readonly ok: boolean;
  readonly detail: string;
}

const well: Health = { ok: true, detail: 'ok' };

/** Asks a process how it is; never throws. */
export async function probe(how: HealthProbe | undefined): Promise<Health> {
  if (how === undefined) return well;
  try {
    if (how.kind === 'socket') return await connects(how.path);
    const { code, body } = await httpGet(how.url, how.kind === 'https' ? how.identity : undefined);
    return code === 200 ? well : { ok: false, detail: reasons(body) ?? `${code}: ${body.trim().replaceAll('\n', ' ').slice(0, 120)}` };
  } catch (error) {
    return { ok: false, detail: plainWords(error) };
  }
}

/** The names of the checks that fail, of an answer with a line a check. */
function reasons(body: string): string | undefined {
  const failed = [...body.matchAll(/^\[-\](\S+)/gm)].map((match) => (match[1] ?? '').replace(/^poststarthook\//, ''));
  return failed.length > 0 ? `not ready: ${failed.join(', ')}` : undefined;
}

function plainWords(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'not listening yet';
  return error instanceof Error ? error.message : String(error);
}

function connects(path: string): Promise<Health> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(well);
    });
    socket.on('error', reject);
  });
}
