/** A process of its own for one job, so that the load's processor time is known apart and disturbs nobody's event loop. */
import type { FromLoad, ToLoad } from './load-job';
import { runLoadJob } from './run-load-job';

const tell = (message: FromLoad): void => {
  process.send?.(message);
};

let proceed: () => void = () => undefined;

process.on('message', (message: ToLoad) => {
  if (message.kind === 'go') {
    proceed();
    return;
  }
  runLoadJob(message.job, () => new Promise((resolve) => {
    proceed = resolve;
    tell({ kind: 'ready' });
  })).then(
    (result) => tell({ kind: 'done', result }),
    (error: unknown) => tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
// The parent is gone: nobody wants the answer.
process.on('disconnect', () => process.exit(1));
