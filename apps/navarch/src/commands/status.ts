import Table from 'cli-table3';
import pc from 'picocolors';
import { systemClock } from '@navarch/clock';
import { Layout } from '../cluster/layout';
import { loadSettings } from '../cluster/settings';
import { type Health, probe } from '../supervisor/probe';
import { supervisorState } from '../supervisor/supervisor-client';

/** `npm run status`: every process, port and health. Returns false if anything is not well. */
export async function status(cluster: string): Promise<boolean> {
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) {
    process.stdout.write(`there is no cluster "${cluster}": npm run up makes it\n`);
    return false;
  }
  const state = await supervisorState(layout);
  if (state === undefined) {
    process.stdout.write(`cluster "${cluster}" is down (${settings.nodes} nodes, ${settings.runtime}); npm run up starts it\n`);
    return false;
  }
  const healths = await Promise.all(state.processes.map(({ spec, state: running }) => (running === 'running' ? probe(spec.health, layout) : Promise.resolve<Health>({ ok: false, detail: 'not running' }))));
  const table = new Table({ head: ['PROCESS', 'NODE', 'PID', 'PORT', 'UP', 'RESTARTS', 'HEALTH'], style: { head: [], border: [], compact: true } });
  state.processes.forEach((entry, index) => {
    const health = healths[index] as Health;
    table.push([
      entry.name.split('@')[0], entry.spec.node ?? '', entry.pid ?? '-', entry.spec.port ?? '',
      entry.pid === undefined ? '-' : `${Math.round((systemClock.now() - entry.startedAt) / 1000)}s`,
      entry.restarts, health.ok ? pc.green('ok') : pc.red(entry.lastExit !== undefined && entry.pid === undefined ? `${health.detail} (${entry.lastExit})` : health.detail),
    ]);
  });
  process.stdout.write(`cluster "${cluster}", supervisor pid ${state.pid}, logs in ${layout.logs}\n${table.toString()}\n`);
  return healths.every((health) => health.ok);
}
