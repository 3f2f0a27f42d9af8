import fc from 'fast-check';
import { type QueuedWrite, type WriteKind, WriteQueue } from './write-queue';

interface Tagged extends QueuedWrite {
  readonly tag: number;
}

const limits = { children: 5, operations: 8, bytes: 100, aloneBytes: 40 };
const queued = (tag: number, keys: string[], bytes = 1, kind: WriteKind = 'puts'): Tagged => ({ tag, write: { ops: [] }, keys, bytes, kind });
const none = new Set<string>();

function tags(queue: WriteQueue<Tagged>, busy: ReadonlySet<string> = none): number[] {
  return queue.take(busy).map(({ tag }) => tag);
}

function queueOf(...writes: Tagged[]): WriteQueue<Tagged> {
  const queue = new WriteQueue<Tagged>(limits);
  for (const write of writes) queue.push(write);
  return queue;
}

describe('WriteQueue', () => {
  it('takes writes in their order up to the number of children', () => {
    const queue = queueOf(...[1, 2, 3, 4, 5, 6, 7].map((tag) => queued(tag, [`k${tag}`])));
    expect([tags(queue), tags(queue), tags(queue)]).toEqual([[1, 2, 3, 4, 5], [6, 7], []]);
  });

  it('never takes a key twice, and keeps all behind it that shares a key', () => {
    const queue = queueOf(queued(1, ['a']), queued(2, ['a', 'b']), queued(3, ['b']), queued(4, ['c']));
    expect([tags(queue), tags(queue), tags(queue)]).toEqual([[1, 4], [2], [3]]);
  });

  it('leaves keys of groups in flight alone', () => {
    const queue = queueOf(queued(1, ['a']), queued(2, ['b']));
    expect([tags(queue, new Set(['a'])), tags(queue, new Set(['a'])), tags(queue)]).toEqual([[2], [], [1]]);
  });

  it('sends a large write alone', () => {
    const queue = queueOf(queued(1, ['a']), queued(2, ['b'], 41), queued(3, ['c']), queued(4, ['d']));
    expect([tags(queue), tags(queue), tags(queue)]).toEqual([[1, 3, 4], [2], []]);
  });

  it('keeps leased puts, other puts and deletes apart', () => {
    const queue = queueOf(queued(1, ['a'], 1, 'leased puts'), queued(2, ['b']), queued(3, ['c'], 1, 'leased puts'), queued(4, ['d'], 1, 'deletes'));
    expect([tags(queue), tags(queue), tags(queue)]).toEqual([[1, 3], [2], [4]]);
  });

  it('holds every bar, keeps order per key and forgets nothing, whatever comes and however answers arrive', () => {
    const anyWrite = fc.record({
      keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { minLength: 1, maxLength: 3 }),
      bytes: fc.integer({ min: 1, max: 50 }),
      kind: fc.constantFrom<WriteKind>('leased puts', 'puts', 'deletes'),
    });
    fc.assert(fc.property(fc.array(anyWrite, { maxLength: 60 }), fc.infiniteStream(fc.nat(3)), (writes, choices) => {
      const queue = queueOf(...writes.map(({ keys, bytes, kind }, tag) => queued(tag, keys, bytes, kind)));
      const inFlight: Tagged[][] = [];
      const lastOfKey = new Map<string, number>();
      let taken = 0;
      for (const choice of choices) {
        const busy = new Set(inFlight.flat().flatMap(({ keys }) => keys));
        const group = choice < 3 && inFlight.length < 3 ? queue.take(busy) : [];
        if (group.length === 0 && inFlight.length === 0 && queue.size === 0) break;
        if (group.length === 0) {
          inFlight.splice(choice % Math.max(1, inFlight.length), 1);
          continue;
        }
        const keys = group.flatMap((write) => write.keys);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.some((key) => busy.has(key))).toBe(false);
        expect(group.length).toBeLessThanOrEqual(limits.children);
        expect(keys.length).toBeLessThanOrEqual(limits.operations);
        expect(new Set(group.map(({ kind }) => kind)).size).toBe(1);
        expect(group.length === 1 || group.reduce((sum, { bytes }) => sum + bytes, 0) <= limits.bytes).toBe(true);
        expect(group.length === 1 || group.every(({ bytes }) => bytes <= limits.aloneBytes)).toBe(true);
        for (const { tag, keys: own } of group) {
          for (const key of own) {
            expect(lastOfKey.get(key) ?? -1).toBeLessThan(tag);
            lastOfKey.set(key, tag);
          }
        }
        taken += group.length;
        inFlight.push(group);
      }
      expect(taken).toBe(writes.length);
    }));
  });
});
