import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';

import { runtimev1 } from '@navarch/proto';

import { type CriCase, isNotFound, withPod } from './contract-pod';
import { imageContract } from './image-contract';
import { upkeepContract } from './upkeep-contract';

const { CONTAINER_CREATED, CONTAINER_EXITED, CONTAINER_RUNNING } = runtimev1.ContainerState;

/** What every container runtime must do for a kubelet, as cases that fail by an assertion. By codes and states, not by texts: each runtime has its own. */
export const criContract: readonly CriCase[] = [
  {
    name: 'names itself and its API version',
    async run({ client }) {
      const version = await client.call('version', { version: '0.1.0' });
      assert.equal(version.version, '0.1.0');
      assert.equal(version.runtimeApiVersion, 'v1');
      assert.notEqual(version.runtimeName, '');
    },
  },
  {
    name: 'reports its conditions',
    async run({ client }) {
      const { status } = await client.call('status', { verbose: false });
      // A runtime may have conditions of its own besides.
      const types = status?.conditions.map(({ type }) => type) ?? [];
      assert.ok(types.includes('NetworkReady') && types.includes('RuntimeReady'), `only ${types.join(', ')}`);
      assert.equal(status?.conditions.find(({ type }) => type === 'RuntimeReady')?.status, true);
    },
  },
  {
    name: 'takes a sandbox through its life',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const { status } = await subject.client.call('podSandboxStatus', { podSandboxId: pod.id, verbose: false });
        assert.equal(status?.state, runtimev1.PodSandboxState.SANDBOX_READY);
        assert.deepEqual(status.metadata, pod.config.metadata);
        assert.deepEqual(status.labels, pod.config.labels);
        assert.deepEqual(status.annotations, pod.config.annotations);
        await subject.client.call('stopPodSandbox', { podSandboxId: pod.id });
        await subject.client.call('stopPodSandbox', { podSandboxId: pod.id });
        const stopped = await subject.client.call('podSandboxStatus', { podSandboxId: pod.id, verbose: false });
        assert.equal(stopped.status?.state, runtimev1.PodSandboxState.SANDBOX_NOTREADY);
        await subject.client.call('removePodSandbox', { podSandboxId: pod.id });
        await subject.client.call('removePodSandbox', { podSandboxId: pod.id });
        await assert.rejects(subject.client.call('podSandboxStatus', { podSandboxId: pod.id, verbose: false }), isNotFound);
      }),
  },
  {
    name: 'gives a sandbox an address',
    needs: 'addresses',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const { status } = await subject.client.call('podSandboxStatus', { podSandboxId: pod.id, verbose: false });
        assert.match(status?.network?.ip ?? '', /^\d+\.\d+\.\d+\.\d+$/);
      }),
  },
  {
    name: 'refuses a second sandbox of the same name, uid and attempt',
    run: (subject) =>
      withPod(subject, async (pod) => {
        await assert.rejects(subject.client.call('runPodSandbox', { config: pod.config, runtimeHandler: '' }));
      }),
  },
  {
    name: 'lists sandboxes by id, label and state',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const list = async (filter: Partial<runtimev1.PodSandboxFilter>): Promise<string[]> => {
          const { items } = await subject.client.call('listPodSandbox', { filter: { id: '', state: undefined, labelSelector: {}, ...filter } });
          return items.map(({ id }) => id);
        };
        const labelSelector = { 'contract/uid': pod.uid };
        assert.deepEqual(await list({ id: pod.id }), [pod.id]);
        assert.deepEqual(await list({ labelSelector }), [pod.id]);
        assert.deepEqual(await list({ labelSelector, state: { state: runtimev1.PodSandboxState.SANDBOX_NOTREADY } }), []);
        assert.deepEqual(await list({ id: 'f'.repeat(64) }), []);
      }),
  },
  {
    name: 'creates, starts, stops and removes a container',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.create('main', 'sleep 1000');
        const created = await pod.status(id);
        assert.equal(created.state, CONTAINER_CREATED);
        assert.equal(created.startedAt, 0n);
        await subject.client.call('startContainer', { containerId: id });
        const running = await pod.status(id);
        assert.equal(running.state, CONTAINER_RUNNING);
        assert.ok(running.startedAt >= running.createdAt);
        assert.deepEqual(running.metadata, { name: 'main', attempt: 0 });
        assert.deepEqual(running.labels, { 'contract/uid': pod.uid, 'contract/container': 'main' });
        assert.equal(running.logPath, join(pod.config.logDirectory, 'main/0.log'));
        await subject.client.call('stopContainer', { containerId: id, timeout: 0n });
        const stopped = await pod.status(id);
        assert.equal(stopped.state, CONTAINER_EXITED);
        assert.equal(stopped.exitCode, 137);
        assert.equal(stopped.reason, 'Error');
        assert.ok(stopped.finishedAt >= running.startedAt);
        await subject.client.call('stopContainer', { containerId: id, timeout: 0n });
        await subject.client.call('removeContainer', { containerId: id });
        await subject.client.call('removeContainer', { containerId: id });
        await assert.rejects(pod.status(id), isNotFound);
      }),
  },
  {
    name: 'reports exit codes and reasons',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const good = await pod.exited(await pod.run('good', 'true'));
        assert.deepEqual([good.exitCode, good.reason], [0, 'Completed']);
        const bad = await pod.exited(await pod.run('bad', 'exit 3'));
        assert.deepEqual([bad.exitCode, bad.reason], [3, 'Error']);
      }),
  },
  {
    name: 'refuses to start a container twice',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        await assert.rejects(subject.client.call('startContainer', { containerId: id }));
        assert.equal((await pod.status(id)).state, CONTAINER_RUNNING);
      }),
  },
  {
    name: 'refuses a second container of the same name and attempt, and takes the next attempt',
    run: (subject) =>
      withPod(subject, async (pod) => {
        await pod.create('main', 'true');
        await assert.rejects(pod.create('main', 'true'));
        await pod.create('main', 'true', { attempt: 1 });
        assert.deepEqual((await pod.list()).map(({ metadata }) => metadata?.attempt).sort(), [0, 1]);
      }),
  },
  {
    name: 'lists containers by id, sandbox, label and state',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const waiting = await pod.create('waiting', 'true');
        const running = await pod.run('running', 'sleep 1000');
        const ids = async (filter: Partial<runtimev1.ContainerFilter>): Promise<string[]> => (await pod.list(filter)).map(({ id }) => id).sort();
        assert.deepEqual(await ids({}), [waiting, running].sort());
        assert.deepEqual(await ids({ podSandboxId: pod.id, state: { state: CONTAINER_RUNNING } }), [running]);
        assert.deepEqual(await ids({ id: waiting }), [waiting]);
        assert.deepEqual(await ids({ labelSelector: { 'contract/uid': pod.uid, 'contract/container': 'running' } }), [running]);
      }),
  },
  {
    name: 'writes logs with time, stream and tag, where it was told to',
    run: (subject) =>
      withPod(subject, async (pod) => {
        await pod.exited(await pod.run('main', 'echo one; echo "$WORD"; echo -n part', { envs: { WORD: 'two words' } }));
        const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`;
        assert.match(await pod.log('main'), new RegExp(`^${stamp} stdout F one\n${stamp} stdout F two words\n${stamp} stdout P part\n$`));
      }),
  },
  {
    name: 'runs a command to its end and tells its output and code',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const containerId = await pod.run('main', 'sleep 1000', { envs: { WORD: 'two words' } });
        const exec = (cmd: string[]): Promise<runtimev1.ExecSyncResponse> => subject.client.call('execSync', { containerId, cmd, timeout: 10n });
        const printed = await exec(['sh', '-c', 'echo "$WORD"; exit 4']);
        assert.deepEqual([printed.stdout.toString(), printed.stderr.toString(), printed.exitCode], ['two words\n', '', 4]);
        assert.equal((await exec(['hostname'])).stdout.toString().trim() !== '', true);
        assert.match((await exec(['cat', '/no/such/file'])).stderr.toString(), /No such file/);
        // An error for containerd, an exit code for others: a probe fails by either.
        assert.notEqual(await exec(['no-such-command']).then(({ exitCode }) => exitCode, () => undefined), 0);
      }),
  },
  {
    name: 'ends a command that takes too long with DeadlineExceeded',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const containerId = await pod.run('main', 'sleep 1000');
        await assert.rejects(subject.client.call('execSync', { containerId, cmd: ['sleep', '60'], timeout: 1n }), (error: { code?: number }) => error.code === 4);
      }),
  },
  {
    name: 'does not run a command in a container that is not running',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const containerId = await pod.create('main', 'true');
        await assert.rejects(subject.client.call('execSync', { containerId, cmd: ['true'], timeout: 10n }));
      }),
  },
  {
    name: 'stops the containers of a sandbox with it',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        await subject.client.call('stopPodSandbox', { podSandboxId: pod.id });
        assert.equal((await pod.status(id)).state, CONTAINER_EXITED);
        await subject.client.call('removePodSandbox', { podSandboxId: pod.id });
        assert.deepEqual(await pod.list(), []);
      }),
  },
  {
    name: 'removes a running container',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const id = await pod.run('main', 'sleep 1000');
        await subject.client.call('removeContainer', { containerId: id });
        await assert.rejects(pod.status(id), isNotFound);
      }),
  },
  {
    name: 'answers NotFound for what is not there, and forgives a removal',
    async run({ client }) {
      const id = 'f'.repeat(64);
      await assert.rejects(client.call('containerStatus', { containerId: id, verbose: false }), isNotFound);
      await assert.rejects(client.call('startContainer', { containerId: id }), isNotFound);
      await assert.rejects(client.call('execSync', { containerId: id, cmd: ['true'], timeout: 1n }), isNotFound);
      await client.call('removeContainer', { containerId: id });
      await client.call('removePodSandbox', { podSandboxId: id });
    },
  },
  {
    name: 'reports usage of a running container',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const containerId = await pod.run('main', 'sleep 1000');
        const { stats } = await subject.client.call('containerStats', { containerId });
        assert.equal(stats?.attributes?.id, containerId);
        assert.ok(stats.cpu && stats.cpu.timestamp > 0n);
        assert.ok((stats.memory?.workingSetBytes?.value ?? 0n) > 0n);
        const filter = { id: '', podSandboxId: pod.id, labelSelector: {} };
        const listed = await subject.client.call('listContainerStats', { filter });
        assert.deepEqual(listed.stats.map(({ attributes }) => attributes?.id), [containerId]);
      }),
  },
  {
    name: 'finds an image by name and by id, and does not find others',
    async run({ client, image }) {
      const { image: found } = await client.callImage('imageStatus', { image: imageSpec(image), verbose: false });
      assert.ok(found);
      assert.ok(found.repoTags.includes(image));
      assert.ok(found.size > 0n);
      const byId = await client.callImage('imageStatus', { image: imageSpec(found.id), verbose: false });
      assert.equal(byId.image?.id, found.id);
      const none = await client.callImage('imageStatus', { image: imageSpec('navarch.local/none:1'), verbose: false });
      assert.equal(none.image, undefined);
      const { images } = await client.callImage('listImages', { filter: undefined });
      assert.ok(images.some(({ id }) => id === found.id));
    },
  },
  {
    name: 'names file systems for its images that are there',
    async run({ client }) {
      const { imageFilesystems, containerFilesystems } = await client.callImage('imageFsInfo', {});
      // A kubelet asks the kernel how full each is. A runtime that has just started may know none yet.
      for (const { fsId } of [...imageFilesystems, ...containerFilesystems]) await assert.doesNotReject(statfs(fsId?.mountpoint ?? ''));
    },
  },
  {
    name: 'does not create a container of an image that is not there',
    run: (subject) =>
      withPod({ ...subject, image: 'navarch.local/none:1' }, async (pod) => {
        await assert.rejects(pod.create('main', 'true'));
      }),
  },
  {
    name: 'tells of a container being created, started, stopped and deleted',
    needs: 'events',
    run: (subject) =>
      withPod(subject, async (pod) => {
        const stream = subject.client.runtime.getContainerEvents({});
        const seen: number[] = [];
        const complete = new Promise<void>((resolve, reject) => {
          stream.on('data', (event: runtimev1.ContainerEventResponse) => {
            if (event.podSandboxStatus?.id !== pod.id || event.containerId === pod.id) return;
            seen.push(event.containerEventType);
            if (event.containerEventType === runtimev1.ContainerEventType.CONTAINER_DELETED_EVENT) resolve();
          });
          stream.on('error', reject);
        });
        // The subscription begins with its first answer; a call after it on the same connection comes later.
        await subject.client.call('version', { version: '' });
        const id = await pod.run('main', 'sleep 1000');
        await subject.client.call('stopContainer', { containerId: id, timeout: 0n });
        await subject.client.call('removeContainer', { containerId: id });
        await complete;
        stream.on('error', () => undefined);
        stream.cancel();
        assert.deepEqual(seen, [0, 1, 2, 3]);
      }),
  },
  ...upkeepContract,
  ...imageContract,
];

function imageSpec(image: string): runtimev1.ImageSpec {
  return runtimev1.ImageSpec.fromPartial({ image });
}
