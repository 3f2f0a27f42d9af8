import { FakeClock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { type RuntimeView } from '../pods/runtime-view';
import { FakeRuntime } from '../testing/fake-runtime';
import { podUidLabel } from './labels';
import { observePod } from './observe-pod';

const labels = { [podUidLabel]: 'a' };

describe('a pod in the runtime', () => {
  let runtime: FakeRuntime;
  let asked: string[];
  let sandbox: string;
  let container: string;

  beforeEach(async () => {
    runtime = new FakeRuntime(new FakeClock());
    asked = [];
    for (const call of ['podSandboxStatus', 'containerStatus'] as const) {
      const answer = runtime[call].bind(runtime);
      Object.assign(runtime, { [call]: (id: string) => {
        asked.push(id);
        return answer(id);
      } });
    }
    sandbox = await runtime.runPodSandbox(runtimev1.PodSandboxConfig.fromPartial({ metadata: { name: 'web', uid: 'a' }, labels }));
    container = await runtime.createContainer(sandbox, runtimev1.ContainerConfig.fromPartial({ metadata: { name: 'main' }, labels }));
    await runtime.startContainer(container);
  });

  const states = ({ sandboxes, containers }: RuntimeView): unknown[] => [sandboxes.map(({ ready }) => ready), containers.map(({ state, exitCode }) => [state, exitCode])];

  it('is asked for in full, and then for what is in another state', async () => {
    const first = await observePod(runtime, 'a');
    expect([states(first), asked.splice(0).sort()]).toEqual([[[true], [['running', 0]]], [container, sandbox].sort()]);
    expect(await observePod(runtime, 'a', first)).toEqual(first);
    expect(asked).toEqual([]);
    runtime.exit(container, 3);
    const second = await observePod(runtime, 'a', first);
    expect([states(second), asked.splice(0)]).toEqual([[[true], [['exited', 3]]], [container]]);
    await runtime.stopPodSandbox(sandbox);
    expect([states(await observePod(runtime, 'a', second)), asked]).toEqual([[[false], [['exited', 3]]], [sandbox]]);
  });

  it('is asked for again while its sandbox has no address, and while a container is lost', async () => {
    const first = await observePod(runtime, 'a');
    asked.length = 0;
    await observePod(runtime, 'a', { sandboxes: first.sandboxes.map((view) => ({ ...view, ips: [] })), containers: first.containers.map((view) => ({ ...view, state: 'unknown' })) });
    expect(asked.sort()).toEqual([container, sandbox].sort());
  });
});
