import { networking, type networkingv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { eventually } from '@navarch/testing';
import { ObjectTable } from '../testing/object-table';
import { DefaultServiceCidr, planDefaultCidr } from './default-service-cidr';

const v4 = '10.96.0.0/12';
const v6 = 'fd00:10:96::/112';

function range(cidrs: string[], ready?: 'False' | 'True', metadata: object = {}): networkingv1.ServiceCIDR {
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready, reason: 'Odd', message: 'is odd', lastTransitionTime: '2026-01-01T00:00:00Z' }];
  return { metadata: { name: 'kubernetes', ...metadata }, spec: { cidrs }, status: { conditions } };
}

const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: '1970-01-01T00:00:00Z' };

it.each([
  { what: 'is made', cidrs: [v4, v6], present: undefined, expected: { write: { action: 'create', object: { metadata: { name: 'kubernetes' }, spec: { cidrs: [v4, v6] } } } } },
  { what: 'gets the second family', cidrs: [v4, v6], present: range([v4], 'True'), expected: { write: { action: 'update', object: range([v4, v6], 'True') } } },
  { what: 'becomes ready', cidrs: [v4], present: range([v4]), expected: { write: { action: 'updateStatus', object: { ...range([v4]), status: { conditions: [ready] } } } } },
  { what: 'stays', cidrs: [v4], present: range([v4], 'True'), expected: {} },
  { what: 'goes in peace', cidrs: [v4], present: range([v4], undefined, { deletionTimestamp: '2026-01-01T00:00:00Z' }), expected: {} },
  {
    what: 'is another', cidrs: [v4], present: range(['10.0.0.0/24'], 'True'),
    expected: { notice: { reason: 'KubernetesDefaultServiceCIDRInconsistent', message: `The default ServiceCIDR [10.0.0.0/24] does not match the controller flag configurations [${v4}]` } },
  },
  { what: 'is not ready, as somebody says', cidrs: [v4], present: range([v4], 'False'), expected: { notice: { reason: 'Odd', message: 'Configuration matches, but is odd' } } },
])('the default range $what', ({ cidrs, present, expected }) => {
  expect(planDefaultCidr(cidrs, present, 0)).toEqual(expected);
});

it('is there when the server has started, and comes back', async () => {
  const table = new ObjectTable();
  const clock = new FakeClock();
  const keeper = new DefaultServiceCidr([v4], { writer: table.writer, clock, log: silentLogger });
  await keeper.start();
  const shown = (): networkingv1.ServiceCIDR | undefined => table.get(networking.servicecidrs, '', 'kubernetes');
  expect(shown()).toMatchObject({ spec: { cidrs: [v4] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  await table.writer.delete(networking.servicecidrs, '', 'kubernetes');
  await clock.advance(10_000);
  await eventually(() => shown() !== undefined);
  await keeper.stop();
});
