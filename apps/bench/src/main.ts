import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { runBench } from './run-bench';
import { scenarioNames } from './scenarios';
import { fullSizes, quickSizes } from './sizes';

const list = (text: string): string[] => text.split(',').filter((part) => part !== '');
const scenarioList = (text: string): string[] => {
  const unknown = list(text).filter((name) => !scenarioNames.includes(name));
  if (unknown.length > 0) throw new InvalidArgumentError(`no scenario ${unknown.join(', ')}; there are ${scenarioNames.join(', ')}`);
  return list(text);
};

const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
};

const program = new Command('bench')
  .description('Measures a control plane of its own, prints a table and writes bench-results/<time>.json. No time is asserted.')
  .option('--only <scenarios>', `which of ${scenarioNames.join(', ')}`, scenarioList, [])
  .option('--quick', 'small sizes: whether it works, not how fast', false)
  .option('--name <cluster>', 'the cluster that is made for this and removed', `bench-${process.pid}`)
  .option('--profile <processes>', 'sample these while they are under load: apiserver, scheduler, controller-manager', list, [])
  .option('--patience <seconds>', 'how long each measurement waits for other work on the machine to end', whole, 0)
  .showHelpAfterError();

const { only, quick, name, profile, patience } = program.parse().opts<{ only: string[]; quick: boolean; name: string; profile: string[]; patience: number }>();

// The first signal ends the run and removes the cluster; a second must not leave that half done.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));

runBench({
  root: join(__dirname, '..', '..', '..'), name, only, profile, patienceSeconds: patience, sizes: quick ? quickSizes : fullSizes,
  print: (text) => process.stdout.write(text),
}, interrupted.signal).catch((error: unknown) => {
  const reason = interrupted.signal.aborted ? (interrupted.signal.reason as Error) : error;
  process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
  process.exitCode = 1;
});
