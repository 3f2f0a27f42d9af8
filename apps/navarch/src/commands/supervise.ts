import { readFileSync } from 'node:fs';
import { Layout } from '../cluster/layout';
import type { ProcessSpec } from '../processes/process-spec';
import { Supervisor } from '../supervisor/supervisor';

/** What `up` leaves running. Not for people. */
export async function supervise(cluster: string, plan: string): Promise<void> {
  const supervisor = new Supervisor(new Layout(cluster), JSON.parse(readFileSync(plan, 'utf8')) as ProcessSpec[]);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void supervisor.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await supervisor.start();
}
