import { resolveCommand } from './resolve-command';
import type { ProcessContext } from './simulated-process';

const context = (): ProcessContext => ({
  hostname: 'web-0',
  env: new Map([['NAME', 'navarch']]),
  workingDir: '/',
  files: new Map(),
  readFile: (path) => (path === '/etc/hostname' ? 'web-0\n' : undefined),
});

function run(argv: string[], within = context(), limit = 50): { out: string; err: string; slept: number; code: number | 'endless' } {
  const resolution = resolveCommand(argv, within);
  if (resolution.kind !== 'program') throw new Error(`${argv.join(' ')} is ${resolution.kind}`);
  const program = resolution.start();
  const seen = { out: '', err: '', slept: 0 };
  for (let i = 0; i < limit; i++) {
    const step = program.next();
    if (step.done) return { ...seen, code: step.value };
    if (step.value.do === 'sleep') seen.slept += step.value.ms;
    else if (step.value.to === 'stdout') seen.out += step.value.text;
    else seen.err += step.value.text;
  }
  return { ...seen, code: 'endless' };
}

describe('resolveCommand', () => {
  it.each([
    [['echo', 'hi', 'there'], 'hi there\n', 0],
    [['/bin/busybox', 'echo', '-n', 'hi'], 'hi', 0],
    [['true'], '', 0],
    [['false'], '', 1],
    [['hostname'], 'web-0\n', 0],
    [['env'], 'NAME=navarch\n', 0],
    [['printenv', 'MISSING'], '', 1],
    [['cat', '/etc/hostname'], 'web-0\n', 0],
    [['sh', '-c', 'echo "$NAME" \'$NAME\' ${NAME}s; exit 3; echo never'], 'navarch $NAME navarchs\n', 3],
    [['sh', '-c', 'false && echo no || echo yes'], 'yes\n', 0],
    [['sh', '-c', 'echo a > /x && echo b >> /x\ncat /x'], 'a\nb\n', 0],
    [['sh', '-ec', 'touch /t; test -f /t && rm /t; test -f /t'], '', 1],
  ])('runs %j', (argv, out, code) => {
    expect(run(argv)).toMatchObject({ out, code });
  });

  it('reports a missing file as busybox does', () => {
    expect(run(['cat', '/nope'])).toMatchObject({ err: "cat: can't open '/nope': No such file or directory\n", code: 1 });
  });

  it('sleeps in the units of sleep(1)', () => {
    expect(run(['sh', '-c', 'sleep 0.5; sleep 2m']).slept).toBe(120_500);
  });

  it('never spins in a loop that does not sleep', () => {
    const result = run(['sh', '-c', 'while true; do echo x; done'], context(), 10);
    expect(result).toMatchObject({ code: 'endless', slept: 5000 });
  });

  it.each([[['nginx']], [['sh', '-c', 'nginx -g "daemon off;"']], [['sh', '-c', 'cat /x | wc']], [['sh', '-c', 'echo "open']], [[]]])(
    'says that it does not know what %j does',
    (argv) => {
      expect(resolveCommand(argv, context()).kind).toBe('unknown');
    },
  );

  it.each([[['cat'], 'cat'], [['sh'], 'shell'], [['/bin/bash', '-i'], 'shell']])('knows that %j reads its input', (argv, kind) => {
    expect(resolveCommand(argv, context()).kind).toBe(kind);
  });
});
