import { Change } from './gen/navarch/change/v1/change';
import { MessageEncoder } from './message-encoder';

const change = (name: string, bytes = 0): Change => Change.fromPartial({ epoch: 'e', rv: 7n, uid: 'ü', key: { namespace: 'd', name }, body: Buffer.alloc(bytes, 'x') });

it('encodes each message as a writer of its own would, whatever came before', () => {
  const encoder = new MessageEncoder();
  const kept: [Uint8Array, Uint8Array][] = [];
  for (const message of [change('a', 3000), change('b'), change('c', 300_000), change('d', 100), change('e', 5000)]) {
    expect(() => encoder.encode(Change, { ...change('too large', 50), rv: 2n ** 65n })).toThrow();
    kept.push([encoder.encode(Change, message), Change.encode(message).finish()]);
  }
  // What was answered stays as it was.
  for (const [bytes, expected] of kept) expect(Buffer.compare(bytes, expected)).toBe(0);
});
