import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import { supervisorState } from '../supervisor/supervisor-client';

/** `tap <process>`: what crosses the boundaries of one process of a cluster, until it is interrupted. `kubelet` is the first node's. */
export async function tapProcess(cluster: string, name: string, root: string): Promise<number> {
  const layout = new Layout(cluster);
  const state = await supervisorState(layout);
  if (state === undefined) throw new Error(`cluster "${cluster}" does not run: start it with ${npmRun('up', cluster)}`);
  const names = state.processes.map((entry) => entry.name).filter((entry) => existsSync(layout.tapSocket(entry)));
  const chosen = names.find((entry) => entry === name) ?? names.find((entry) => entry.split('@')[0] === name);
  if (chosen === undefined) throw new Error(`no process "${name}" tells what it does; there are ${names.join(', ')}, and tap changes, tap snapshot`);
  const child = spawn(process.execPath, [join(root, 'tools', 'tap.mjs'), layout.tapSocket(chosen)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 0;
}
