import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FakeClock } from '@navarch/clock';
import { isTapped, tellBoundary } from './boundary';
import { describeMessage } from './describe-message';
import { TapServer } from './tap-server';

describe('TapServer', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'navarch-tap-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('tells its owner what crosses, and costs nothing when nobody looks', async () => {
    const socket = join(directory, 'tap.sock');
    const server = new TapServer(socket, new FakeClock());
    await server.start();
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    let made = 0;
    const tell = (): void => tellBoundary({ carrier: 'grpc', direction: 'in', what: '/x/Get', bytes: 3, message: () => ({ made: (made += 1), token: 'abc' }) });
    tell();
    expect([isTapped(), made]).toEqual([false, 0]);
    const viewer = connect(socket);
    const lines = createInterface(viewer);
    while (!isTapped()) await new Promise((resolve) => setImmediate(resolve));
    tell();
    const [line] = (await once(lines, 'line')) as [string];
    expect(JSON.parse(line)).toMatchObject({ carrier: 'grpc', direction: 'in', what: '/x/Get', bytes: 3, message: { made: 1, token: '(hidden)' } });
    await server.stop();
    expect(isTapped()).toBe(false);
  });
});

describe('describeMessage', () => {
  const secret = Buffer.from(JSON.stringify({ kind: 'Secret', metadata: { namespace: 'default', name: 'db', resourceVersion: '7' }, data: { password: 'aHVudGVyMg==' } }));

  it('shows objects as references, never their content', () => {
    const shown = describeMessage({ key: { namespace: 'default', name: 'db' }, object: secret, revision: 12n });
    expect(shown).toEqual({ key: { namespace: 'default', name: 'db' }, object: `Secret default/db v=7 (${secret.length} bytes)`, revision: 12 });
    expect(JSON.stringify(shown)).not.toContain('aHVudGVyMg');
  });

  it.each([
    [{ jwt: 'x.y.z', seed: 'SU', clientKey: Buffer.from('k') }, { jwt: '(hidden)', seed: '(hidden)', clientKey: '(hidden)' }],
    [{ secrets: { user: 'root' }, volumeContext: { share: '//u:p@host' }, publishContext: {} }, { secrets: '(1 hidden)', volumeContext: '(1 hidden)', publishContext: '(0 hidden)' }],
    [{ stdin: Buffer.from('typed') }, { stdin: '5 bytes' }],
    [{ list: [1, 2, 3, 4, 5, 6, 7] }, { list: [1, 2, 3, 4, 5, '… 7 in all'] }],
    [{ empty: '', none: undefined, bytes: Buffer.alloc(0), zero: 0 }, { zero: 0 }],
    [Buffer.from('{not json'), '9 bytes'],
    ['x'.repeat(300), `${'x'.repeat(200)}…`],
  ])('shows %j as %j', (value, shown) => {
    expect(describeMessage(value)).toEqual(shown);
  });
});
