/** From tests: a kubelet as a process of its own, with an API in memory; it may die, as by SIGKILL, in the middle of a call. Says on a line each what phases its pods have. */
import { createInterface } from 'node:readline';
import { core } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { openCgroupTree } from '../cgroups/cgroup-tree';
import { CriRuntime } from '../runtime/cri-runtime';
import { remoteCriClients } from '../runtime/remote-clients';
import { HostMounter } from '../volumes/mounter';
import { KubeletBench } from './kubelet-bench';
import { type KubeletChildOptions } from './kubelet-process';
import { observedRuntime } from './observed-runtime';

const { socket, root, cgroupRoot, address, pods, dies } = JSON.parse(process.argv[2] ?? '') as KubeletChildOptions;
const die = (call: string): void => {
  if (call === dies) process.kill(process.pid, 'SIGKILL');
};

async function serve(): Promise<void> {
  const runtime = observedRuntime(new CriRuntime(remoteCriClients({ endpoint: `unix://${socket}` }), { requestTimeoutMs: 60_000 }), {
    // The call is on its way by then: what it asks for is done for nobody.
    asked: (name) => void setImmediate(() => die(`${name} asked`)),
    answered: (name) => die(`${name} answered`),
  });
  const bench = new KubeletBench({ clock: systemClock, runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root, address, options: { cgroupRoot, relistMs: 200 } });
  // Of the same uids in each life: before anything else is in the API.
  for (const pod of pods) bench.createPod(pod);
  await bench.start();
  let said = '';
  const say = (): void => {
    const phases = JSON.stringify(Object.fromEntries(pods.flatMap(({ metadata: { name = '' } }) => bench.pod(name) ?? []).map(({ metadata, status }) => [metadata.name, status?.phase ?? ''])));
    if (phases !== said) process.stdout.write(`${(said = phases)}\n`);
  };
  setInterval(say, 100);
  createInterface({ input: process.stdin }).on('line', () => {
    for (const { metadata } of pods) bench.api.delete(core.pods, 'default', metadata.name ?? '', { gracePeriodSeconds: 1 });
  }).on('close', () => process.exit());
}

void serve();
