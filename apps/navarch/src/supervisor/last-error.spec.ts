import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastError } from './last-error';

describe('lastError', () => {
  const dir = mkdtempSync(join(tmpdir(), 'navarch-log-'));
  const file = join(dir, 'x.log');
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each([
    { of: 'our services', text: '{"level":"error","msg":"cannot listen","err":{"message":"address in use"}}\n{"level":"info","msg":"stopped"}\n', said: 'cannot listen: address in use' },
    { of: 'etcd', text: '{"level":"fatal","msg":"discovery failed","error":"listen tcp 127.0.0.1:1: bind"}\n', said: 'discovery failed: listen tcp 127.0.0.1:1: bind' },
    { of: 'etcd before it has a logger', text: "Usage:\n\nerror verifying flags, unknown flag: --x. See 'etcd --help'.\n", said: "error verifying flags, unknown flag: --x. See 'etcd --help'." },
    { of: 'containerd', text: 'time="t" level=error msg="no \\"x\\" here" error="gone"\ntime="t" level=info msg="y"\n', said: 'no "x" here: gone' },
    { of: 'nats-server', text: '[7] 2026/01/01 00:00:00.000000 [FTL] Error listening on port: 127.0.0.1:1\n', said: 'Error listening on port: 127.0.0.1:1' },
    { of: 'Node', text: 'node:internal/x\n  throw err;\n\nError: Cannot find module \'y\'\n    at Function.z\n', said: "Error: Cannot find module 'y'" },
    { of: 'another program', text: 'flag needs an argument\nunknown flag: -q\n', said: 'unknown flag: -q' },
    { of: 'a service that is content', text: '{"level":"info","msg":"ready"}\n', said: undefined },
  ])('finds that of $of', ({ text, said }) => {
    writeFileSync(file, text);
    expect(lastError(file)).toBe(said);
  });

  it('has nothing to say of a log that is not there', () => {
    expect(lastError(join(dir, 'none.log'))).toBeUndefined();
  });
});
