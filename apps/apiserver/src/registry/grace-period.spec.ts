import type { KubeObject } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { type GraceOf, graceFor, isPending, markDeleted } from './grace-period';

const now = Date.parse('2026-01-02T03:04:05Z');
const grace: GraceOf = (_object, asked) => asked ?? 30;
const going = (period: number, at = now + period * 1000): KubeObject => ({ metadata: { name: 'a', generation: 1, deletionTimestamp: formatTime(at), deletionGracePeriodSeconds: period } });

// The table of upstream's TestBeforeDelete (pkg/registry/rest/delete_test.go): what is under way, what is asked, what becomes of it.
it.each<[present: number, asked: number | undefined, becomes: number | 'goes' | 'stays']>([
  [-1, -1, 'stays'], [-1, 0, 0], [-1, 1, 'stays'], [-1, 2, 'stays'],
  [0, -1, 'goes'], [0, 0, 'goes'], [0, 1, 'goes'], [0, 2, 'goes'],
  [1, -1, 'stays'], [1, 0, 0], [1, 1, 'stays'], [1, 2, 'stays'],
  [2, -1, 1], [2, 0, 0], [2, 1, 1], [2, 2, 'stays'], [2, undefined, 'stays'],
])('with %p s to go, a deletion in %p s: %p', (present, asked, becomes) => {
  const object = going(present);
  expect(isPending(object, asked, grace)).toBe(becomes === 'stays');
  if (becomes === 'stays') return;
  const period = graceFor(object, asked, grace);
  expect(period).toBe(becomes === 'goes' ? undefined : becomes);
  if (period === undefined) return;
  markDeleted(object, period, now);
  expect(object.metadata).toMatchObject({ deletionGracePeriodSeconds: becomes, generation: 1 });
});

it.each([[50, 1], [0, 0]])('a time that is over by now ends now: %p s', (asked, period) => {
  const object = going(60, now - 60_000);
  markDeleted(object, graceFor(object, asked, grace) ?? -1, now);
  expect(object.metadata).toMatchObject({ deletionTimestamp: formatTime(now), deletionGracePeriodSeconds: period });
});

it('is shortened from when it began', () => {
  const object = going(60, now + 50_000);
  markDeleted(object, 15, now);
  expect(object.metadata).toMatchObject({ deletionTimestamp: formatTime(now + 5000), deletionGracePeriodSeconds: 15 });
});

it('begins with what the kind gives, and kinds that wait for nothing are never pending', () => {
  const object: KubeObject = { metadata: { name: 'a', generation: 1 } };
  expect([graceFor(object, undefined, grace), graceFor(object, -5, grace), graceFor(object, 5, undefined)]).toEqual([30, 1, undefined]);
  expect([isPending(object, undefined, grace), isPending(going(30), undefined, undefined), graceFor(going(30), 5, undefined)]).toEqual([false, false, undefined]);
  markDeleted(object, 30, now);
  expect(object.metadata).toMatchObject({ deletionTimestamp: formatTime(now + 30_000), deletionGracePeriodSeconds: 30, generation: 2 });
});

it('is as long as Go can say where there is no date so far away', () => {
  const object: KubeObject = { metadata: { name: 'a' } };
  markDeleted(object, 2 ** 53, Date.parse('2026-12-01T01:06:26Z'));
  expect(object.metadata).toMatchObject({ deletionTimestamp: expect.stringMatching(/^2173-01-20T/) as string, deletionGracePeriodSeconds: 2 ** 53 });
  // Read again, it is no double any more.
  const stored: KubeObject = { metadata: { ...object.metadata, deletionGracePeriodSeconds: BigInt(2 ** 53) as unknown as number } };
  expect(isPending(stored, undefined, grace)).toBe(true);
  markDeleted(stored, graceFor(stored, 5, grace) ?? -1, now);
  expect(stored.metadata.deletionGracePeriodSeconds).toBe(5);
});
