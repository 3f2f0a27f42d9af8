import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { kmsv2 } from '@navarch/proto';
import { connect } from '@navarch/rpc';
import { FakeKms } from '../testing/fake-kms';
import { KmsTransformer } from './kms-transformer';

const key = '/registry/core/secrets/default/a';
const plain = Buffer.from('{"data":"hunter2"}');

describe('KmsTransformer', () => {
  let directory: string;
  let kms: FakeKms;
  let clock: FakeClock;
  const started: KmsTransformer[] = [];

  async function newTransformer(): Promise<KmsTransformer> {
    const channel = connect({ address: kms.endpoint, defaultTimeoutMs: 3000 });
    const transformer = new KmsTransformer('vault', { kms: channel.client(kmsv2.KeyManagementServiceService), clock, log: silentLogger, close: () => channel.close() });
    started.push(transformer);
    await transformer.start();
    return transformer;
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'navarch-kms-'));
    kms = new FakeKms(join(directory, 'kms.sock'));
    clock = new FakeClock();
    await kms.start();
  });
  afterEach(async () => {
    for (const transformer of started.splice(0)) await transformer.stop();
    await kms.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** The clock's next question to the plug-in, answered. */
  async function nextPoll(ms: number): Promise<void> {
    const before = kms.calls.status;
    await clock.advance(ms);
    while (kms.calls.status === before || clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  it('asks the plug-in once for many values, each of which has a key of its own', async () => {
    const transformer = await newTransformer();
    const [one, two] = [await transformer.seal(key, plain), await transformer.seal(key, plain)];
    expect(one.includes('hunter2') || one.equals(two)).toBe(false);
    expect((await transformer.open(key, one)).equals(plain)).toBe(true);
    expect((await transformer.open(key, two)).equals(plain)).toBe(true);
    expect(kms.calls).toEqual({ status: 1, encrypt: 1, decrypt: 0 });
    expect([transformer.name, transformer.mark, transformer.markOf(one)]).toEqual(['kms:v2:vault', 'kms:v2:vault kms-key-1', 'kms:v2:vault kms-key-1']);
  });

  it('opens what another process has sealed: one call for all values of its seed', async () => {
    const other = await newTransformer();
    const values: Buffer[] = [];
    while (values.length < 5) values.push(await other.seal(key, plain));
    const transformer = await newTransformer();
    const opened = await Promise.all(values.map(async (value) => transformer.open(key, value)));
    expect(opened.every((value) => value.equals(plain))).toBe(true);
    expect(transformer.open(key, values[0] ?? plain)).toEqual(plain);
    expect(kms.calls.decrypt).toBe(1);
  });

  it('refuses what was changed, or moved to another key', async () => {
    const transformer = await newTransformer();
    const sealed = await transformer.seal(key, plain);
    const changed = Buffer.from(sealed);
    changed[changed.length - 20] = (changed.at(-20) ?? 0) ^ 1;
    expect(() => transformer.open(key, changed)).toThrow('message authentication failed');
    expect(() => transformer.open(`${key}b`, sealed)).toThrow('message authentication failed');
    expect(() => transformer.open(key, plain)).toThrow('no KMS envelope');
  });

  it('begins a new seed when the plug-in has a new key, and still opens the old', async () => {
    const transformer = await newTransformer();
    const before = await transformer.seal(key, plain);
    kms.rotate('kms-key-2');
    await nextPoll(60_000);
    const after = await transformer.seal(key, plain);
    expect(transformer.mark).toBe('kms:v2:vault kms-key-2');
    expect([transformer.markOf(before), transformer.markOf(after)]).toEqual(['kms:v2:vault kms-key-1', 'kms:v2:vault kms-key-2']);
    const restarted = await newTransformer();
    expect((await restarted.open(key, before)).equals(plain) && (await restarted.open(key, after)).equals(plain)).toBe(true);
  });

  it('says for good what a destroyed key has sealed, and for now when nobody answers', async () => {
    const sealed = await (await newTransformer()).seal(key, plain);
    kms.rotate('kms-key-2');
    kms.destroy('kms-key-1');
    const transformer = await newTransformer();
    await expect(transformer.open(key, sealed)).rejects.toThrow('failed to decrypt DEK, error: NOT_FOUND: no key kms-key-1');
    await kms.stop();
    await expect(transformer.open(key, sealed)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('uses a seed for three minutes without the plug-in, then refuses to write; and goes on when it is back', async () => {
    const transformer = await newTransformer();
    kms.healthz = 'the vault is sealed';
    await nextPoll(60_000);
    expect(() => transformer.check()).toThrow('KMS provider vault: expected KMSv2 healthz ok, got the vault is sealed');
    expect(await transformer.seal(key, plain)).toBeInstanceOf(Buffer);
    for (let waited = 60_000; waited < 180_000; waited += 10_000) await nextPoll(10_000);
    await expect(transformer.seal(key, plain)).rejects.toMatchObject({ code: 'unavailable' });
    kms.healthz = 'ok';
    expect(await transformer.seal(key, plain)).toBeInstanceOf(Buffer);
    expect(() => transformer.check()).not.toThrow();
  });
});
