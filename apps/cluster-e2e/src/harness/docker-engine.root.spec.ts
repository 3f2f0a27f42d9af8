import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { checkHealth } from './docker-engine';

/** A process of another user stands for what a container runs: what is looked at is as whom, and with what, its check is begun. */
describe('checkHealth', () => {
  let child: ChildProcess;
  beforeAll(async () => {
    child = spawn('setpriv', ['--reuid=1234', '--regid=2345', '--clear-groups', 'sh', '-c', 'echo ready; exec sleep 300'], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (child.stdout !== null) await once(child.stdout, 'data');
  });
  afterAll(() => child.kill('SIGKILL'));

  const check = (script: string, more: { Timeout?: number } = {}): Promise<void> => checkHealth({
    Name: '/sample', State: { Pid: child.pid ?? 0, Status: 'running' }, Config: { User: '', Env: ['PATH=/usr/bin:/bin', 'COLOUR=a=b'], Labels: {}, Healthcheck: { Test: ['CMD', 'sh', '-c', script], ...more } },
  });

  it('is the container\'s user and group, and nobody else', () => check('test "$(id -u):$(id -g):$(id -G)" = 1234:2345:2345'));

  it('has the container\'s environment, and nothing of who asks', async () => {
    process.env['NAVARCH_OF_THE_TEST'] = 'told';
    await check('test "$COLOUR" = a=b && test "$PATH" = /usr/bin:/bin && test -z "$NAVARCH_OF_THE_TEST$NO_COLOR"');
    delete process.env['NAVARCH_OF_THE_TEST'];
  });

  it('rejects with what an unhealthy container says', () => expect(check('echo not yet; exit 3')).rejects.toThrow(/ended with 3\nnot yet/));

  it('ends a check that takes longer than it may', () => expect(check('sleep 200', { Timeout: 100_000_000 })).rejects.toThrow('ended with 137'));

  it('rejects where nothing runs', () =>
    expect(
      checkHealth({
        Name: '/sample',
        State: { Pid: 0, Status: 'restarting' },
        Config: { User: '', Env: [], Labels: {}, Healthcheck: { Test: ['CMD', 'true'] } },
      }),
    ).rejects.toThrow('/sample does not run'));
});
