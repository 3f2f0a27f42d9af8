import { randomBytes } from 'node:crypto';
import { aescbc, aesgcm, secretbox } from './local-ciphers';
import { type Transformer } from './transformer';

const key = '/registry/core/secrets/default/a';
const plain = Buffer.from('{"metadata":{"resourceVersion":""},"data":{"password":"aHVudGVyMg=="}}');
const bytes = (count: number): Buffer => randomBytes(count);

describe.each<[string, number, (name: string, secret: Buffer) => Transformer]>([
  ['aesgcm', 16, aesgcm], ['aesgcm', 24, aesgcm], ['aesgcm', 32, aesgcm],
  ['aescbc', 16, aescbc], ['aescbc', 24, aescbc], ['aescbc', 32, aescbc],
  ['secretbox', 32, secretbox],
])('%s with a key of %d bytes', (kind, size, cipher) => {
  const secret = bytes(size);
  const transformer = cipher('key 1', secret);
  const seal = async (): Promise<Buffer> => Buffer.from(await transformer.seal(key, plain));
  const open = async (sealed: Buffer, at = key, other = transformer): Promise<Buffer> => other.open(at, sealed);

  it('opens what it has sealed, which differs every time', async () => {
    const [one, two] = [await seal(), await seal()];
    expect(one.equals(two)).toBe(false);
    expect(one.includes('hunter') || one.includes('password')).toBe(false);
    expect((await open(one)).equals(plain)).toBe(true);
    expect((await open(two)).equals(plain)).toBe(true);
    expect((await open(Buffer.from(await transformer.seal(key, Buffer.alloc(0))))).length).toBe(0);
  });

  it('has a name for the header, without spaces', () => {
    expect(transformer.name).toBe(`${kind}:v1:key%201`);
    expect(transformer.markOf(Buffer.alloc(0))).toBe(transformer.mark);
  });

  it('refuses what was changed anywhere, or cut', async () => {
    const sealed = await seal();
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(open(changed)).rejects.toThrow('message authentication failed');
    }
    for (const length of [0, 5, 30, sealed.length - 1]) await expect(open(sealed.subarray(0, length))).rejects.toThrow(/shorter|authentication/);
  });

  it('refuses what was moved to another key of the store', async () => {
    await expect(open(await seal(), '/registry/core/secrets/default/b')).rejects.toThrow('message authentication failed');
  });

  it('refuses what another secret has sealed', async () => {
    await expect(open(await seal(), key, cipher('key 1', bytes(size)))).rejects.toThrow('message authentication failed');
  });
});
