import { type Component } from './component';
import { defineFlags } from './flag-table';
import { type FlagSettings } from './parse-flags';
import { type ProcessHost } from './process-host';
import { runProcess, type ProcessContext } from './run-process';

const flags = defineFlags({ port: { type: 'number', default: '1', help: 'Port.' } });

class TestHost implements ProcessHost {
  readonly env = {};
  readonly logStream = { write: () => undefined };
  readonly exits: number[] = [];
  output = '';
  signal: (name: string) => void = () => undefined;
  uncaught: (error: unknown) => void = () => undefined;
  constructor(readonly argv: readonly string[] = []) {}
  print(text: string): void {
    this.output += text;
  }
  printError(text: string): void {
    this.output += text;
  }
  exit(code: number): void {
    this.exits.push(code);
  }
  onSignal(handler: (signal: string) => void): void {
    this.signal = handler;
  }
  onUncaught(handler: (error: unknown) => void): void {
    this.uncaught = handler;
  }
}

/** Runs a process of components that only note what happens to them; resolves once it is ready. */
async function running(options: { failing?: string; stuck?: string; shutdownDelayMs?: number } = {}) {
  const events: string[] = [];
  const host = new TestHost();
  const part = (name: string): Component => ({
    name,
    start: () => {
      events.push(`start ${name}`);
      if (options.stuck === name) return new Promise(() => undefined);
      return options.failing === name ? Promise.reject(new Error('no')) : Promise.resolve();
    },
    stop: () => {
      events.push(`stop ${name}`);
      return Promise.resolve();
    },
  });
  let context: ProcessContext<typeof flags> | undefined;
  const done = runProcess({ name: 'test', flags, shutdownDelayMs: () => options.shutdownDelayMs ?? 0, main: (given) => ((context = given), [part('a'), part('b'), part('c')]) }, host);
  while (events.length < 3 && host.exits.length === 0 && events.at(-1) !== `start ${options.stuck}`) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return { events, host, done, context: context! };
}

describe('runProcess', () => {
  it('starts in order, is ready, and on SIGTERM is unready, stops in reverse and exits 0', async () => {
    const { events, host, done, context } = await running();
    expect((await context.health.report('readyz')).healthy).toBe(true);
    host.signal('SIGTERM');
    expect((await context.health.report('readyz')).healthy).toBe(false);
    expect((await context.health.report('livez')).healthy).toBe(true);
    await done;
    expect(events).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
    expect(host.exits).toEqual([0]);
  });

  it('goes on for a while when it is told to end, unready, where that is asked for', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const { events, host, done, context } = await running({ shutdownDelayMs: 3_000 });
      host.signal('SIGTERM');
      await jest.advanceTimersByTimeAsync(2_999);
      expect((await context.health.report('readyz')).healthy).toBe(false);
      expect(events).toEqual(['start a', 'start b', 'start c']);
      await jest.advanceTimersByTimeAsync(1);
      await done;
      expect(events.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
      expect(host.exits).toEqual([0]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('exits at once on the second signal', async () => {
    const { host, done } = await running();
    host.signal('SIGINT');
    host.signal('SIGINT');
    expect(host.exits).toEqual([1]);
    await done;
  });

  it('stops what was started when a start fails, and exits 1', async () => {
    const { events, host, done } = await running({ failing: 'b' });
    await done;
    expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
    expect(host.exits).toEqual([1]);
  });

  it('stops although a component is still starting', async () => {
    const { events, host, done } = await running({ stuck: 'b' });
    host.signal('SIGTERM');
    await done;
    expect(events).toEqual(['start a', 'start b', 'stop b', 'stop a']);
    expect(host.exits).toEqual([0]);
  });

  it('ends in order with code 1 when a part fails for good or an error is uncaught', async () => {
    for (const end of ['fail', 'uncaught'] as const) {
      const { events, host, done, context } = await running();
      if (end === 'fail') context.fail(new Error('lost'));
      else host.uncaught(new Error('lost'));
      await done;
      expect(events).toHaveLength(6);
      expect(host.exits).toEqual([1]);
    }
  });

  it.each([
    [['--nope'], 1, 'unknown flag: --nope'],
    [['--apiserver=a', '--feature-gates=ComponentFlagz=true,Nope=true'], 1, 'unrecognized feature gate: Nope'],
    [[], 1, 'required flag "apiserver" not set'],
    [['--help'], 0, '--port number'],
    [['-h'], 0, '--port number'],
    [['--help', '--nope'], 1, 'unknown flag: --nope'],
    [['--version'], 0, 'v1.36.0'],
  ])('answers %j without starting anything', async (argv, code, text) => {
    const host = new TestHost(argv);
    let started = false;
    const needy = defineFlags({ ...flags, apiserver: { type: 'string', required: true, help: 'Address.' } });
    await runProcess({ name: 'test', flags: needy, main: () => ((started = true), []) }, host);
    expect([started, host.exits]).toEqual([false, [code]]);
    expect(host.output).toContain(text);
  });

  it('takes what is required from its configuration file too, and says what neither has', async () => {
    const table = defineFlags({ config: { type: 'string', help: 'File.' }, name: { type: 'string', required: true, help: 'Name.' } });
    const asked = async (...argv: string[]): Promise<{ name?: string; host: TestHost }> => {
      const host = new TestHost(argv);
      let name: string | undefined;
      const settings = ({ config }: { config?: string | undefined }): FlagSettings => ({ values: config === undefined ? {} : { name: config }, withoutEffect: [] });
      await runProcess({ name: 'test', flags: table, settings, main: (given) => {
        name = given.config.name;
        given.fail(new Error('seen'));
        return [];
      } }, host);
      return { ...(name === undefined ? {} : { name }), host };
    };
    expect((await asked('--config=filed')).name).toBe('filed');
    expect((await asked('--config=filed', '--name=told')).name).toBe('told');
    const { name, host } = await asked();
    expect([name, host.output, host.exits]).toEqual([undefined, expect.stringContaining('required flag "name" not set'), [1]]);
  });

  it('does what is asked for instead of running, without what is required', async () => {
    const table = defineFlags({ name: { type: 'string', required: true, help: 'Name.' }, show: { type: 'string', help: 'Show.' } });
    const shown: (string | undefined)[] = [];
    const asked = async (...argv: string[]): Promise<TestHost> => {
      const host = new TestHost(argv);
      await runProcess({ name: 'test', flags: table, settings: () => ({ values: { name: 'filed' }, withoutEffect: [] }), instead: ({ name, show }) => show !== undefined && shown.push(`${show} ${name}`) > 0, main: ({ fail }) => {
        fail(new Error('runs'));
        return [];
      } }, host);
      return host;
    };
    expect((await asked('--show=it')).exits).toEqual([0]);
    expect((await asked()).exits).toEqual([1]);
    expect(shown).toEqual(['it filed']);
  });
});
