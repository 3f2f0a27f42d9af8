import { status as Code } from '@grpc/grpc-js';
import { FakeClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { noStateStore, SimulatedCri } from '@navarch/simulated-runtime';
import { CriRuntime } from '../runtime/cri-runtime';
import { RuntimeUnsupportedError } from '../runtime';
import { simulatedCriClients } from './simulated-clients';

const sandboxConfig = runtimev1.PodSandboxConfig.fromPartial({ metadata: { name: 'web', namespace: 'default', uid: 'uid-1' } });
const image = runtimev1.ImageSpec.fromPartial({ image: 'app:1' });
const containerConfig = (annotations: Record<string, string> = {}): runtimev1.ContainerConfig => runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, image, annotations });

describe('calls of a simulated runtime in the same process', () => {
  let clock: FakeClock;
  let runtime: CriRuntime;
  beforeEach(() => {
    clock = new FakeClock();
    runtime = new CriRuntime(simulatedCriClients(new SimulatedCri({ podCidr: '10.128.0.0/24', startDelayMs: 0, writesLogs: false }, { clock, state: noStateStore }), clock), { requestTimeoutMs: 5_000 });
  });
  afterEach(() => runtime.close());

  const create = async (annotations: Record<string, string> = {}): Promise<string> => {
    await runtime.pullImage(image, undefined, sandboxConfig);
    return runtime.createContainer(await runtime.runPodSandbox(sandboxConfig, ''), containerConfig(annotations), sandboxConfig);
  };

  it('answer in a later turn of the event loop, with what a socket would bring', async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    const { runtimeName } = await runtime.version();
    expect([runtimeName, turned]).toEqual(['navarch-fake', true]);
    const id = await create();
    await runtime.startContainer(id);
    expect(await runtime.containerStatus(id)).toMatchObject({ id, state: runtimev1.ContainerState.CONTAINER_RUNNING });
  });

  it('fail in the runtime\'s words and codes; what is gone is gone', async () => {
    await expect(runtime.createContainer('none', containerConfig(), sandboxConfig)).rejects.toMatchObject({ name: 'RuntimeError', code: Code.NOT_FOUND, message: 'rpc error: code = NotFound desc = failed to find sandbox id "none": not found' });
    expect(await runtime.containerStatus('none')).toBeUndefined();
    await expect(runtime.checkpointContainer('none', '/archive', 1)).rejects.toThrow(new RuntimeUnsupportedError('method checkpointContainer not implemented'));
  });

  it('end when their time is over, or their caller gives up', async () => {
    const slow = await create({ 'fake-runtime.navarch.io/start-delay': '10s' });
    const late = expect(runtime.startContainer(slow)).rejects.toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    await new Promise(setImmediate);
    await clock.advance(5_000);
    await late;
    const caller = new AbortController();
    const delayed = runtimev1.PodSandboxConfig.fromPartial({ annotations: { 'fake-runtime.navarch.io/pull-delay': '10s' } });
    const given = expect(runtime.pullImage(image, undefined, delayed, caller.signal)).rejects.toMatchObject({ code: Code.CANCELLED });
    await new Promise(setImmediate);
    caller.abort();
    await given;
    await expect(runtime.pullImage(image, undefined, delayed, caller.signal)).rejects.toMatchObject({ code: Code.CANCELLED });
    expect(clock.pendingTimers).toBe(0);
  });

  it('tell of containers until nobody listens', async () => {
    const listening = new AbortController();
    const events = runtime.containerEvents(listening.signal)[Symbol.asyncIterator]();
    const first = events.next();
    await create();
    expect((await first).value).toMatchObject({ containerEventType: runtimev1.ContainerEventType.CONTAINER_CREATED_EVENT });
    listening.abort();
    for (let next = await events.next(); next.done !== true; next = await events.next());
    expect((await events.next()).done).toBe(true);
  });
});
