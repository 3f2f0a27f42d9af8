import { createLogger } from './logger';

function capture(level: 'info' | 'debug' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('test', { level, stream: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) } });
  return { log, lines };
}

describe('createLogger', () => {
  it('reduces API objects to references, also in lists', () => {
    const { log, lines } = capture();
    const pod = { kind: 'Pod', metadata: { namespace: 'a', name: 'b', uid: 'u', labels: { x: 'y' } }, spec: { containers: [] } };
    log.info({ pod, pods: [pod] }, 'seen');
    const reference = { kind: 'Pod', namespace: 'a', name: 'b', uid: 'u' };
    expect(lines[0]).toMatchObject({ level: 'info', component: 'test', msg: 'seen', pod: reference, pods: [reference] });
    expect(lines[0]?.['pod']).toEqual(reference);
  });

  it('hides what is named like a secret at any depth, and binary data', () => {
    const { log, lines } = capture();
    log.info({ request: { headers: { Authorization: 'Bearer x', host: 'h' } }, 'private-key': 'k', body: Buffer.from('secret') }, 'm');
    expect(JSON.stringify(lines)).not.toMatch(/Bearer|"k"|secret"/);
    expect(lines[0]).toMatchObject({ request: { headers: { Authorization: '[redacted]', host: 'h' } }, body: '(6 bytes)' });
  });

  it('never shows the data of a Secret', () => {
    const { log, lines } = capture();
    log.info({ object: { kind: 'Secret', metadata: { name: 's' }, data: { password: 'cGFzcw==' } } }, 'm');
    expect(JSON.stringify(lines)).not.toContain('cGFzcw');
  });

  it('writes errors with their causes and nothing that hangs on them', () => {
    const { log, lines } = capture();
    const error = Object.assign(new Error('bind pod', { cause: new Error('refused') }), { code: 14, call: { token: 'x' } });
    log.warn({ err: error }, 'm');
    expect(lines[0]?.['err']).toMatchObject({ type: 'Error', message: 'bind pod', code: 14, cause: { message: 'refused' } });
    expect(lines[0]?.['err']).not.toHaveProperty('call');
  });

  it('survives cycles, bigints and long lists', () => {
    const { log, lines } = capture();
    const cycle: Record<string, unknown> = { n: 5n };
    cycle['self'] = cycle;
    log.info({ cycle, many: Array.from({ length: 60 }, (_, i) => i) }, 'm');
    expect(lines[0]).toMatchObject({ cycle: { n: '5' } });
    expect((lines[0]?.['many'] as unknown[] | undefined)?.at(-1)).toBe('… 10 more');
  });
});
