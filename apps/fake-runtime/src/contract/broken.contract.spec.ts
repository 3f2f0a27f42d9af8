import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { checkContract, CriClient, criContract, streamingContract } from '@navarch/contract-kit';
import { systemClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { noStateStore, StreamingServer } from '@navarch/simulated-runtime';
import { CriServer } from '../cri-server';
import { RuntimeInFront, type Differences } from './runtime-in-front';

const { CONTAINER_CREATED, CONTAINER_RUNNING } = runtimev1.ContainerState;
const { CONTAINER_STOPPED_EVENT } = runtimev1.ContainerEventType;
const none = runtimev1.Image.fromPartial({ id: 'sha256:0', repoTags: ['any'], size: 1n });

const removes = 'removes an image that was pulled, forgives that it is not there, and pulls it again';

/** What is wrong with a runtime, and the cases that must not hold then, and no others. */
const faults: readonly (readonly [string, Differences, readonly string[]])[] = [
  ['is a good one', {}, []],
  ['loses exit codes', {
    calls: {
      containerStatus: async (request, next) => {
        const answer = await next(request);
        return { ...answer, status: answer.status && { ...answer.status, exitCode: 0 } };
      },
    },
  }, ['creates, starts, stops and removes a container', 'reports exit codes and reasons']],
  ['loses exit codes of commands', { calls: { execSync: async (request, next) => ({ ...(await next(request)), exitCode: 0 }) } }, ['runs a command to its end and tells its output and code']],
  ['says that what was created runs', {
    calls: {
      containerStatus: async (request, next) => {
        const answer = await next(request);
        return { ...answer, status: answer.status && { ...answer.status, state: answer.status.state === CONTAINER_CREATED ? CONTAINER_RUNNING : answer.status.state } };
      },
    },
  }, ['creates, starts, stops and removes a container']],
  ['forgets to tell that a container has stopped', { events: ({ containerEventType }) => containerEventType !== CONTAINER_STOPPED_EVENT }, ['tells of a container being created, started, stopped and deleted']],
  ['filters lists by labels alone', { calls: { listContainers: ({ filter }, next) => next({ filter: { id: '', podSandboxId: '', state: undefined, labelSelector: filter?.labelSelector ?? {} } }) } }, ['lists containers by id, sandbox, label and state']],
  ['has every image', { calls: { imageStatus: async (request, next) => ({ ...(await next(request)), image: (await next(request)).image ?? none }) } }, ['finds an image by name and by id, and does not find others', 'fails to pull what no registry has, and has nothing of it then', 'fails to pull what is no name of an image, and finds none by such', removes]],
  ['knows no NotFound', { says: ({ details }) => ({ code: status.UNKNOWN, details }) }, ['takes a sandbox through its life', 'creates, starts, stops and removes a container', 'ends a command that takes too long with DeadlineExceeded', 'removes a running container', 'answers NotFound for what is not there, and forgives a removal']],
  ['leaves containers running when their sandbox stops', { calls: { stopPodSandbox: () => Promise.resolve({}) } }, ['takes a sandbox through its life', 'stops the containers of a sandbox with it']],
  ['loses what names a sandbox', {
    calls: { runPodSandbox: ({ config, ...rest }, next) => next({ ...rest, config: config && { ...config, labels: {}, annotations: {} } }) },
  }, ['takes a sandbox through its life', 'lists sandboxes by id, label and state']],
  ['writes no logs', { calls: { createContainer: ({ config, ...rest }, next) => next({ ...rest, config: config && { ...config, logPath: '' } }) } }, ['creates, starts, stops and removes a container', 'writes logs with time, stream and tag, where it was told to', 'writes on in a new file when a log was moved away and is reopened, and only in that']],
  ['has its images nowhere', { calls: { imageFsInfo: () => Promise.resolve({ imageFilesystems: [runtimev1.FilesystemUsage.fromPartial({ fsId: { mountpoint: '/no/such/place' } })], containerFilesystems: [] }) } }, ['names file systems for its images that are there']],
  ['resizes nothing', { calls: { updateContainerResources: () => Promise.resolve({}) } }, ['gives a container other resources while it runs on, and before it starts']],
  ['reopens no log', { calls: { reopenContainerLog: () => Promise.resolve({}) } }, ['does not reopen the log of a container that does not run']],
  ['says that it has pulled whatever it is asked for', { calls: { pullImage: () => Promise.resolve({ imageRef: none.id }) } }, ['fails to pull what no registry has, and has nothing of it then', 'fails to pull what is no name of an image, and finds none by such', removes]],
  ['removes no image', { calls: { removeImage: () => Promise.resolve({}) } }, [removes]],
  ['does not forgive the removal of an image that is not there', {
    calls: {
      removeImage: async (request, next) => {
        if (request.image?.image.includes('missing') === true) throw Object.assign(new Error('no such image'), { code: status.NOT_FOUND, details: 'no such image' });
        return next(request);
      },
    },
  }, ['forgives the removal of an image that is not there']],
  ['measures nothing', { calls: { listContainerStats: () => Promise.resolve({ stats: [] }) } }, ['reports usage of a running container']],
];

// All runtimes are checked at once, beside whatever else the machine does: nothing here is measured in time.
jest.setTimeout(300_000);

describe('the kit says what of a broken runtime does not hold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nv-broken-'));
  const behind = `unix://${join(folder, 'behind.sock')}`;
  const image = 'navarch.local/web:1';
  const onError = (error: unknown): void => {
    throw error;
  };
  const streaming = new StreamingServer({ clock: systemClock, onError });
  const server = new CriServer({ endpoint: behind, podCidr: '10.244.5.0/24', startDelayMs: 0 }, { clock: systemClock, state: noStateStore, streaming, onError });
  let endpoints = 0;

  beforeAll(async () => {
    await streaming.start();
    await server.start();
    const client = new CriClient(behind);
    await client.callImage('pullImage', { image: runtimev1.ImageSpec.fromPartial({ image }), auth: undefined, sandboxConfig: undefined });
    client.close();
  });
  afterAll(async () => {
    await server.stop();
    await streaming.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The cases that do not hold of a runtime that differs so. */
  async function broken(differences: Differences): Promise<string[]> {
    const number = (endpoints += 1);
    const endpoint = `unix://${join(folder, `${number}.sock`)}`;
    const front = new RuntimeInFront(endpoint, behind, { events: () => true, ...differences });
    await front.start();
    const client = new CriClient(endpoint);
    try {
      const subject = { client, logRoot: join(folder, 'logs'), image, pulledImage: `navarch.local/pulled-${number}:1`, sandboxLinux: runtimev1.LinuxPodSandboxConfig.fromPartial({}) };
      const results = await checkContract([...criContract, ...streamingContract], subject, { offers: ['addresses', 'events', 'pulls', 'simulation'], tell: () => undefined });
      for (const result of results) if (result.outcome === 'fails') expect(result.why).not.toBe('');
      return results.filter(({ outcome }) => outcome === 'fails').map(({ name }) => name);
    } finally {
      client.close();
      front.stop();
    }
  }

  // All at once: each waits for the same seconds that the kit allows a runtime.
  let found: Promise<string[][]>;
  beforeAll(() => void (found = Promise.all(faults.map(([, differences]) => broken(differences)))));

  it.each(faults.map(([what, , names], index) => [what, names, index] as const))('of one that %s', async (_, names, index) => expect((await found)[index]).toEqual(names));
});
