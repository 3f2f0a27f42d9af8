import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { errorText } from '../error-text';
import { hasOptions, journalArguments, type NodeLogQuery } from './node-log-query';
import { insideLogs } from './node-logs';

const longestMs = 30_000;

export interface LogQueryDeps {
  readonly logs: string;
  /** The program that reads systemd's journal. */
  readonly journalctl: string;
}

/** Answers with the logs of services: from the journal where they write to it, else from their files. What goes wrong is told in the answer, as upstream does. */
export async function serveLogQuery({ logs, journalctl }: LogQueryDeps, query: NodeLogQuery, response: ServerResponse, caller: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([caller, AbortSignal.timeout(longestMs)]);
  const units = await journalUnits(journalctl, signal);
  const inJournal = query.services.filter((service) => units.some((unit) => unit.includes(`${service}.service`)));
  const inFiles = query.services.filter((service) => !inJournal.includes(service));
  response.writeHead(200, { 'Content-Type': 'text/plain;charset=UTF-8' });
  if (inJournal.length > 0) await writeJournal(journalctl, journalArguments(query, inJournal), response, signal);
  if (inFiles.length > 0 && hasOptions(query)) response.write(`\noptions present and query resolved to log files for [${inFiles.join(' ')}]\ntry without specifying options\n`);
  else for (const service of inFiles) await writeFile(logs, service, response, signal);
  response.end();
}

/** Services that have written to the journal; none where there is no journal. */
async function journalUnits(journalctl: string, signal: AbortSignal): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)(journalctl, ['--field', '_SYSTEMD_UNIT'], { signal, maxBuffer: 16 * 2 ** 20 });
    return stdout.split('\n');
  } catch {
    // Services without a journal may have files.
    return [];
  }
}

async function writeJournal(journalctl: string, args: readonly string[], response: ServerResponse, signal: AbortSignal): Promise<void> {
  const child = spawn(journalctl, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = once(child, 'close');
  try {
    await Promise.all([ended, pipeline(child.stdout, response, { end: false, signal }), pipeline(child.stderr, response, { end: false, signal })]);
  } catch (error) {
    response.write(`\nerror: journal output not available: ${errorText(error)}\n`);
  }
}

/** `service`, `service.log` or `service/service.log`: the first there is. */
async function writeFile(logs: string, service: string, response: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    for (const name of [service, `${service}.log`, `${service}/${service}.log`]) {
      const found = await insideLogs(logs, name);
      if (found === undefined || !(await stat(found)).isFile()) continue;
      await pipeline(createReadStream(found), response, { end: false, signal });
      return;
    }
    response.write(`\nlog not found for ${service}\n`);
  } catch (error) {
    response.write(`\nerror getting log for ${service}: ${errorText(error)}\n`);
  }
}
