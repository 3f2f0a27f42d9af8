import Table from 'cli-table3';
import pc from 'picocolors';
import { systemClock } from '@navarch/clock';
import { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import { loadSettings } from '../cluster/settings';
import type { Health } from '../supervisor/probe';
import { supervisorState } from '../supervisor/supervisor-client';
import { plannedProcesses } from './down';
import { healthOf } from './wait';

/** `npm run status`: every process, port and health. Returns false if anything is not well. */
export async function status(cluster: string): Promise<boolean> {
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) {
    process.stdout.write(`there is no cluster "${cluster}": ${npmRun('up', cluster)} makes it\n`);
    return false;
  }
  const state = await supervisorState(layout);
  if (state === undefined) {
    const left = plannedProcesses(layout).length;
    process.stdout.write(left > 0
      ? `the supervisor of cluster "${cluster}" was killed and ${left} of its processes still run; ${npmRun('down', cluster)} ends them, ${npmRun('up', cluster)} starts anew\n`
      : `cluster "${cluster}" is down (${settings.nodes} nodes, ${settings.runtime}); ${npmRun('up', cluster)} starts it\n`);
    return false;
  }
  const healths = await Promise.all(state.processes.map(healthOf));
  const table = new Table({ head: ['PROCESS', 'NODE', 'PID', 'PORTS', 'UP', 'RESTARTS', 'HEALTH'], style: { head: [], border: [], compact: true } });
  state.processes.forEach((entry, index) => {
    const health = healths[index] as Health;
    table.push([
      entry.name.split('@')[0], entry.spec.node ?? '', entry.pid ?? '-', entry.spec.ports?.join(' ') ?? '',
      entry.pid === undefined ? '-' : age(systemClock.now() - entry.startedAt), entry.restarts, health.ok ? pc.green('ok') : pc.red(health.detail),
    ]);
  });
  process.stdout.write(`cluster "${cluster}", ${settings.runtime}, supervisor pid ${state.pid}, logs in ${layout.logs}\n${table.toString()}\n`);
  return healths.every((health) => health.ok);
}

/** As kubectl writes ages: the largest unit that says enough. */
function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`;
}
