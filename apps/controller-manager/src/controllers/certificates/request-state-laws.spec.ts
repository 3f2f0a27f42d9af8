import type { certificatesv1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { isDecided, isOutdated, maySign } from './request-state';

const hourMs = 3_600_000;
const nowMs = Date.parse('2026-03-01T12:00:00Z');

const condition = fc.record({ type: fc.constantFrom('Approved', 'Denied', 'Failed', 'Other'), status: fc.constantFrom('True', 'False', 'Unknown'), hoursAgo: fc.nat(4) });
/** Ages in hours; a certificate that is none says nothing of when it ends. */
const request = fc.record({ madeHoursAgo: fc.nat(60), conditions: fc.array(condition, { maxLength: 3 }), isSigned: fc.boolean() });
type Drawn = typeof request extends fc.Arbitrary<infer T> ? T : never;

const requestOf = ({ madeHoursAgo, conditions, isSigned }: Drawn): certificatesv1.CertificateSigningRequest => ({
  metadata: { name: 'r', creationTimestamp: formatTime(nowMs - madeHoursAgo * hourMs) }, spec: { request: '', signerName: 'example.com/any' },
  status: { conditions: conditions.map(({ type, status, hoursAgo }) => ({ type, status, lastUpdateTime: formatTime(nowMs - hoursAgo * hourMs) })), ...(isSigned ? { certificate: 'c29tZQ==' } : {}) },
});

describe('a request for a certificate', () => {
  it('stays an hour after what was decided last, and a day when nobody says anything', () => {
    fc.assert(fc.property(request, (drawn) => {
      if (!isOutdated(requestOf(drawn), nowMs)) return;
      if (drawn.conditions.length === 0) expect(drawn.madeHoursAgo).toBeGreaterThan(24);
      else expect(drawn.conditions.some(({ type, hoursAgo }) => type !== 'Other' && hoursAgo > 1)).toBe(true);
    }));
  });

  it('goes when it was denied, has failed or was answered long ago, and never comes back', () => {
    fc.assert(fc.property(request, fc.nat(100), (drawn, hours) => {
      const given = requestOf(drawn);
      const isOver = drawn.conditions.some(({ type, hoursAgo }) => hoursAgo > 1 && (type === 'Denied' || type === 'Failed' || (type === 'Approved' && drawn.isSigned)));
      if (isOver) expect(isOutdated(given, nowMs)).toBe(true);
      if (isOutdated(given, nowMs)) expect(isOutdated(given, nowMs + hours * hourMs)).toBe(true);
    }));
  });

  it('that was approved and waits for its signer stays', () => {
    fc.assert(fc.property(request, (drawn) => {
      const waiting = requestOf({ ...drawn, isSigned: false, conditions: [{ type: 'Approved', status: 'True', hoursAgo: 4 }] });
      expect([isDecided(waiting), maySign(waiting), isOutdated(waiting, nowMs)]).toEqual([true, true, false]);
    }));
  });

  it('is signed once, if it was approved, and neither denied nor given up', () => {
    fc.assert(fc.property(request, (drawn) => {
      const said = (type: string): boolean => drawn.conditions.some((one) => one.type === type && one.status !== 'False');
      expect(maySign(requestOf(drawn))).toBe(said('Approved') && !said('Denied') && !said('Failed') && !drawn.isSigned);
      expect(isDecided(requestOf(drawn))).toBe(said('Approved') || said('Denied'));
    }));
  });
});
