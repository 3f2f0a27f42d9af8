import { networking, type networkingv1 } from '@navarch/api';
import { ObjectTable } from '../testing/object-table';
import { parseServiceRanges } from './ip-range';
import { serviceRanges } from './service-ranges';

const flag = '10.96.0.0/24';
const more = '10.97.0.0/24';
const cidr = (name: string, range: string, more: Partial<networkingv1.ServiceCIDR['metadata']> = {}, ready = 'True'): networkingv1.ServiceCIDR => ({
  metadata: { name, ...more }, spec: { cidrs: [range] }, status: { conditions: [{ type: 'Ready', status: ready, reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
});
const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };

it.each<[string, networkingv1.ServiceCIDR[], string[]]>([
  ['there is no object yet', [], [flag]],
  ['it is the only one', [cidr('kubernetes', flag)], [flag]],
  ['there is another', [cidr('kubernetes', flag), cidr('more', more)], [flag, more]],
  ['the other is not ready', [cidr('kubernetes', flag), cidr('more', more, {}, 'False')], [flag]],
  ['it is being deleted', [cidr('kubernetes', flag, going), cidr('more', more)], [more]],
  ['it is being deleted, and another has its range', [cidr('kubernetes', flag, going), cidr('same', flag)], [flag]],
])('addresses are taken of the range of the flag: %s', (_when, objects, expected) => {
  const table = new ObjectTable();
  for (const object of objects) table.put(networking.servicecidrs, object);
  const ranges = serviceRanges(parseServiceRanges(flag), table);
  expect(ranges.usable().map((range) => range.cidr)).toEqual(expected);
  expect(ranges.has('10.96.0.7')).toBe(true);
});
