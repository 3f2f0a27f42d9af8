import assert from 'node:assert/strict';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { runtimev1 } from '@navarch/proto';

import { type CriCase, type Pod, withPod } from './contract-pod';

const nowhere = 'f'.repeat(64);
const mebibyte = 1n << 20n;

/** What a running container may use: as its status says, or where a runtime says nothing there, as its control group does. */
async function memoryLimit(pod: Pod, containerId: string): Promise<bigint> {
  const told = (await pod.status(containerId)).resources?.linux?.memoryLimitInBytes;
  if (told !== undefined) return told;
  const group = '/sys/fs/cgroup';
  const { stdout } = await pod.subject.client.call('execSync', { containerId, cmd: ['sh', '-c', `cat ${group}/memory/memory.limit_in_bytes 2>/dev/null || cat ${group}/memory.max`], timeout: 10n });
  return BigInt(stdout.toString().trim());
}

const update = (pod: Pod, containerId: string, memoryLimitInBytes: bigint): Promise<unknown> =>
  pod.subject.client.call('updateContainerResources', runtimev1.UpdateContainerResourcesRequest.fromPartial({ containerId, linux: { cpuShares: 256n, memoryLimitInBytes } }));

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come');
}

/** What a kubelet does with containers that run on: resizes them, and has their logs begun anew. */
export const upkeepContract: readonly CriCase[] = [
  {
    name: 'gives a container other resources while it runs on, and before it starts',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const running = await pod.run('running', 'sleep 1000');
        assert.equal(await memoryLimit(pod, running), 64n * mebibyte);
        await update(pod, running, 96n * mebibyte);
        assert.equal(await memoryLimit(pod, running), 96n * mebibyte);
        assert.equal((await pod.status(running)).state, runtimev1.ContainerState.CONTAINER_RUNNING);
        const created = await pod.create('created', 'sleep 1000');
        await update(pod, created, 48n * mebibyte);
        await subject.client.call('startContainer', { containerId: created });
        assert.equal(await memoryLimit(pod, created), 48n * mebibyte);
        await assert.rejects(update(pod, nowhere, 48n * mebibyte));
      }),
  },
  {
    name: 'writes on in a new file when a log was moved away and is reopened, and only in that',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'while true; do echo tick; sleep 0.05; done');
        const path = join(pod.config.logDirectory, 'main/0.log');
        const written = (file: string): Promise<string | undefined> => readFile(file, 'utf8').then((text) => (text.endsWith(' tick\n') ? text : undefined), () => undefined);
        await until(() => written(path));
        await rename(path, `${path}.old`);
        await subject.client.call('reopenContainerLog', { containerId: id });
        await until(() => written(path));
        const old = await readFile(`${path}.old`, 'utf8');
        const length = (await readFile(path, 'utf8')).length;
        await until(async () => ((await written(path)) ?? '').length > length || undefined);
        assert.equal(await readFile(`${path}.old`, 'utf8'), old);
      }),
  },
  {
    name: 'does not reopen the log of a container that does not run',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'true');
        await pod.exited(id);
        await assert.rejects(subject.client.call('reopenContainerLog', { containerId: id }));
        await assert.rejects(subject.client.call('reopenContainerLog', { containerId: nowhere }));
      }),
  },
];
