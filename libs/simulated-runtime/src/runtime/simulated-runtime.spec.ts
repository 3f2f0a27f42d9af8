import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FakeClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';

import type { ContainerRecord } from './model';
import { SimulatedRuntime } from './simulated-runtime';
import { StateDirectory } from './state-directory';
import { noStateStore, type StateStore } from './state-store';

const clock = new FakeClock();
const folder = mkdtempSync(join(tmpdir(), 'nv-fake-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newRuntime(state: StateStore = noStateStore, startDelayMs = 0): SimulatedRuntime {
  const runtime = new SimulatedRuntime({ podCidr: '10.244.7.0/24', startDelayMs, writesLogs: true }, { clock, state });
  runtime.restore();
  return runtime;
}

let pods = 0;

function pod(annotations: Record<string, string> = {}, linux?: runtimev1.LinuxPodSandboxConfig): runtimev1.PodSandboxConfig {
  const name = `pod-${pods++}`;
  return runtimev1.PodSandboxConfig.fromPartial({ metadata: { name, namespace: 'default', uid: name }, logDirectory: join(folder, name), annotations, linux });
}

interface Wish {
  readonly image?: string;
  readonly command?: string[];
  readonly annotations?: Record<string, string>;
  readonly pod?: Record<string, string>;
}

async function start(runtime: SimulatedRuntime, { image = 'nginx', command = [], annotations = {}, pod: podAnnotations = {} }: Wish = {}): Promise<ContainerRecord> {
  runtime.images.pull(image);
  const sandbox = runtime.runSandbox(pod(podAnnotations), '');
  const config = runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, image: { image }, command, annotations, logPath: 'main.log' });
  const container = runtime.createContainer(sandbox.id, config);
  await runtime.startContainer(container.id);
  return container;
}

describe('SimulatedRuntime', () => {
  it.each<[string, Wish, number, number]>([
    ['an image named for it', { image: 'navarch.local/exit:1' }, 0, 1],
    ['an image named for it, after a while', { image: 'navarch.local/exit:3-500ms' }, 500, 3],
    ['an annotation of its pod', { pod: { 'fake-runtime.navarch.io/exit-after': '2s', 'fake-runtime.navarch.io/exit-code': '7' } }, 2000, 7],
    ['an annotation of its pod for this container', { pod: { 'fake-runtime.navarch.io/exit-code.main': '9', 'fake-runtime.navarch.io/exit-code': '1' } }, 0, 9],
    ['its own annotation', { annotations: { 'fake-runtime.navarch.io/exit-code': '4' } }, 0, 4],
    ['its command', { command: ['sh', '-c', 'sleep 3; exit 5'] }, 3000, 5],
  ])('lets a container exit by %s', async (_, wish, afterMs, code) => {
    const runtime = newRuntime();
    const container = await start(runtime, wish);
    if (afterMs > 0) {
      await clock.advance(afterMs - 1);
      expect(container.phase).toBe('running');
    }
    await clock.advance(1);
    expect(container).toMatchObject({ phase: 'exited', exitCode: code, reason: 'Error' });
  });

  it('keeps a container running whose command it does not know', async () => {
    const container = await start(newRuntime(), { command: ['nginx', '-g', 'daemon off;'] });
    await clock.advance(86_400_000);
    expect(container.phase).toBe('running');
  });

  it('delays the start, and fails it when told to', async () => {
    const runtime = newRuntime(noStateStore, 300);
    const started = start(runtime);
    await clock.advance(299);
    expect([...runtime.records.containers].map(({ phase }) => phase)).toEqual(['created']);
    await clock.advance(1);
    expect((await started).phase).toBe('running');
    await expect(start(newRuntime(), { annotations: { 'fake-runtime.navarch.io/start-error': 'no such device' } })).rejects.toThrow('no such device');
  });

  it('ends by TERM in its own time, and by KILL after the grace', async () => {
    const runtime = newRuntime();
    const heeding = await start(runtime, { annotations: { 'fake-runtime.navarch.io/stop-delay': '2s' } });
    const stopped = runtime.stopContainer(heeding.id, 30_000);
    await clock.advance(1999);
    expect(heeding.phase).toBe('running');
    await clock.advance(1);
    await stopped;
    expect(heeding.exitCode).toBe(0);
    const ignoring = await start(runtime, { annotations: { 'fake-runtime.navarch.io/ignore-term': 'true' } });
    const killed = runtime.stopContainer(ignoring.id, 5000);
    await clock.advance(5000);
    await killed;
    expect(ignoring).toMatchObject({ exitCode: 137, finishedAt: clock.now() });
  });

  it('takes an exit while it is being stopped for the end', async () => {
    const runtime = newRuntime();
    const container = await start(runtime, { image: 'navarch.local/exit:6-1s', annotations: { 'fake-runtime.navarch.io/ignore-term': 'true' } });
    const stopped = runtime.stopContainer(container.id, 30_000);
    await clock.advance(1000);
    await stopped;
    expect(container.exitCode).toBe(6);
  });

  it('gives pods different addresses of the range that the kubelet names last, and takes them back', () => {
    const runtime = newRuntime();
    const first = runtime.runSandbox(pod(), '');
    runtime.usePodCidr('10.244.9.0/30');
    const second = runtime.runSandbox(pod(), '');
    expect([first.ip, second.ip]).toEqual(['10.244.7.2', '10.244.9.2']);
    expect(() => runtime.runSandbox(pod(), '')).toThrow('no IP addresses available');
    runtime.stopSandbox(second.id);
    expect(runtime.runSandbox(pod(), '').ip).toBe('10.244.9.2');
    const host = runtimev1.LinuxPodSandboxConfig.fromPartial({ securityContext: { namespaceOptions: { network: runtimev1.NamespaceMode.NODE } } });
    expect(runtime.runSandbox(pod({}, host), '').ip).toBe('');
    expect(() => {
      runtime.usePodCidr('fd00::/64');
    }).toThrow('not an IPv4 pod CIDR');
  });

  it('reads the files that are mounted into a container', async () => {
    const runtime = newRuntime();
    runtime.images.pull('nginx');
    const sandbox = runtime.runSandbox(pod(), '');
    const mounts = [{ hostPath: __dirname, containerPath: '/src' }];
    const container = runtime.createContainer(sandbox.id, runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, image: { image: 'nginx' }, mounts }));
    await runtime.startContainer(container.id);
    const { readFile } = runtime.execContext(container.id);
    expect(readFile('/src/model.ts')).toContain('SandboxRecord');
    expect([readFile('/src/none.ts'), readFile('/etc/passwd'), readFile('/src')]).toEqual([undefined, undefined, undefined]);
  });

  it('lets containers run on over a restart', async () => {
    const state = join(folder, 'state');
    const before = newRuntime(new StateDirectory(state));
    const endless = await start(before);
    const counting = await start(before, { command: ['sh', '-c', 'echo one; sleep 10; echo two; sleep 10; exit 3'] });
    const ended = await start(before, { image: 'navarch.local/exit:2' });
    await clock.advance(4000);
    before.saveImages();
    before.close();
    await clock.advance(8000);

    const after = newRuntime(new StateDirectory(state));
    expect(after.records.container(endless.id)).toMatchObject({ phase: 'running', startedAt: endless.startedAt });
    expect(after.records.container(ended.id)).toMatchObject({ phase: 'exited', exitCode: 2 });
    expect(after.images.get('navarch.local/exit:2')?.id).toBe(ended.imageId);
    expect(after.runSandbox(pod(), '').ip).toBe('10.244.7.5');
    await clock.advance(8000);
    expect(after.records.container(counting.id)).toMatchObject({ phase: 'exited', exitCode: 3 });
    // What it printed while nobody was there is lost; what came before is not said again.
    expect(readFileSync(counting.logPath, 'utf8').match(/one|two/g)).toEqual(['one']);
    after.removeSandbox(counting.sandboxId);
    after.close();
    const last = newRuntime(new StateDirectory(state));
    expect([...last.records.containers].map(({ id }) => id).sort()).toEqual([endless.id, ended.id].sort());
    last.close();
  });

  it('tells watchers of output, and waiters of the end', async () => {
    const runtime = newRuntime();
    const container = await start(runtime, { command: ['sh', '-c', 'sleep 1; echo hi; sleep 1'] });
    let seen = '';
    runtime.watchOutput(container.id, (_, text) => (seen += text));
    let ended = false;
    void runtime.waitForExit(container.id, new AbortController().signal).then(() => (ended = true));
    await clock.advance(1000);
    expect([seen, ended]).toEqual(['hi\n', false]);
    await clock.advance(1000);
    expect(ended).toBe(true);
  });

  it('writes no logs where nobody reads them, and says so', async () => {
    const runtime = new SimulatedRuntime({ podCidr: '10.0.0.0/16', startDelayMs: 0, writesLogs: false }, { clock, state: noStateStore });
    const container = await start(runtime, { command: ['echo', 'hi'] });
    const directory = runtime.records.sandbox(container.sandboxId).config.logDirectory;
    expect([container.phase, container.logPath, existsSync(directory)]).toEqual(['exited', '', false]);
  });

  it('holds thousands of idle containers without a timer for any', async () => {
    const runtime = new SimulatedRuntime({ podCidr: '10.0.0.0/16', startDelayMs: 0, writesLogs: true }, { clock, state: noStateStore });
    const timers = clock.pendingTimers;
    for (let i = 0; i < 3000; i++) {
      runtime.images.pull('nginx');
      const name = `many-${i}`;
      const sandbox = runtime.runSandbox(runtimev1.PodSandboxConfig.fromPartial({ metadata: { name, namespace: 'default', uid: name } }), '');
      const container = runtime.createContainer(sandbox.id, runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, image: { image: 'nginx' } }));
      await runtime.startContainer(container.id);
    }
    expect([...runtime.records.containers]).toHaveLength(3000);
    expect(new Set([...runtime.records.sandboxes].map(({ ip }) => ip)).size).toBe(3000);
    expect(clock.pendingTimers).toBe(timers);
  });
});
