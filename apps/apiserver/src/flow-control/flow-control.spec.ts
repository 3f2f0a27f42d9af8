import { bootstrapFlowSchemas, bootstrapPriorityLevels, flowcontrol, type flowcontrolv1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { createRegistry } from '@navarch/component-base';
import { aNodeUser, aRequest, aUser } from '../testing/admission-attributes';
import { ObjectTable } from '../testing/object-table';
import { FairQueues } from './fair-queues';
import { FlowControl, type Ticket, type WorkSources } from './flow-control';
import { seatLimits } from './seats';
import { estimateWork, type RequestedWork } from './work-estimate';

type Limited = flowcontrolv1.LimitedPriorityLevelConfiguration;

const level = (name: string, limited: Limited): flowcontrolv1.PriorityLevelConfiguration => ({ metadata: { name, uid: `uid-${name}` }, spec: { type: 'Limited', limited } });
const schema = (name: string, to: string, matchingPrecedence: number, group: string): flowcontrolv1.FlowSchema => ({
  metadata: { name, uid: `uid-${name}` },
  spec: {
    priorityLevelConfiguration: { name: to },
    matchingPrecedence,
    distinguisherMethod: { type: 'ByUser' },
    rules: [
      {
        subjects: [{ kind: 'Group', group: { name: group } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      },
    ],
  },
});
const queued = (queueLengthLimit: number): flowcontrolv1.LimitResponse => ({ type: 'Queue', queuing: { queues: 4, handSize: 1, queueLengthLimit } });

const read: RequestedWork = { verb: 'get', resource: 'pods', subresource: '', name: 'p', limit: 0, sendsInitialEvents: false };
const list: RequestedWork = { ...read, verb: 'list', name: '' };
const write: RequestedWork = { ...read, verb: 'update' };
/** A thousand pods of 1,000 bytes each, and 100 watches of them. */
const sources: WorkSources = { stats: () => ({ count: 1000, bytes: 1_000_000 }), watchers: () => 100 };

function world(seats: number, levels: flowcontrolv1.PriorityLevelConfiguration[], schemas: flowcontrolv1.FlowSchema[]) {
  const [clock, metrics] = [new FakeClock(), createRegistry()];
  const table = new ObjectTable().put(flowcontrol.prioritylevelconfigurations, ...levels).put(flowcontrol.flowschemas, ...schemas);
  const control = new FlowControl(seats, { reader: table, clock, metrics, sources });
  const enter = async (name: string, ...groups: string[]): Promise<Ticket> => control.enter(aUser(name, ...groups), aRequest(), read);
  return { clock, metrics, control, enter, table };
}

it('sorts requests by the schemas that come first', async () => {
  const { control } = world(
    100,
    bootstrapPriorityLevels().map((one) => ({ ...one, metadata: { ...one.metadata, uid: one.metadata.name ?? '' } })),
    bootstrapFlowSchemas().map((one) => ({ ...one, metadata: { ...one.metadata, uid: one.metadata.name ?? '' } })),
  );
  const flow = async (user = aUser('jane', 'system:authenticated'), over = {}): Promise<string> => {
    const { schemaUid, levelUid } = await control.enter(user, aRequest(over), read);
    return `${schemaUid} ${levelUid}`;
  };
  expect(await flow()).toBe('global-default global-default');
  expect(await flow(aNodeUser('n1'), { resource: 'nodes', namespace: '' })).toBe('system-node-high node-high');
  expect(await flow(aUser('system:serviceaccount:team:bot', 'system:serviceaccounts', 'system:authenticated'))).toBe('service-accounts workload-low');
  expect(await flow(aUser('admin', 'system:masters', 'system:authenticated'))).toBe('exempt exempt');
  expect(await flow(aUser('system:anonymous', 'system:unauthenticated'), { isResource: false, path: '/healthz' })).toBe('probes exempt');
});

it('refuses what a level has no seats for, where it does not queue', async () => {
  const { enter, metrics } = world(2, [level('small', { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } })], [schema('all', 'small', 1, 'dev')]);
  const tickets = [await enter('a', 'dev'), await enter('b', 'dev')];
  await expect(enter('c', 'dev')).rejects.toMatchObject({ code: 429, message: 'Too many requests, please try again later.', status: { details: { retryAfterSeconds: 1 } } });
  tickets[0]?.leave();
  expect(await enter('c', 'dev')).toMatchObject({ schemaUid: 'uid-all', levelUid: 'uid-small' });
  expect(await metrics.metrics()).toContain('apiserver_flowcontrol_rejected_requests_total{flow_schema="all",priority_level="small",reason="concurrency-limit"} 1');
});

it('lets requests wait for a seat, for as long as they may', async () => {
  const { enter, clock, control } = world(1, [level('small', { nominalConcurrencyShares: 1, limitResponse: queued(1) })], [schema('all', 'small', 1, 'dev')]);
  const first = await enter('a', 'dev');
  const order: string[] = [];
  expect([...control.dump()]).toEqual([{ name: 'small', executing: 1, queues: [[], [], [], []] }]);
  const second = enter('b', 'dev').then((ticket) => (order.push('b'), ticket));
  await expect(enter('b', 'dev')).rejects.toMatchObject({ code: 429 });
  const [dumped] = control.dump();
  expect(dumped?.queues.flat()).toMatchObject([{ schema: 'all', distinguisher: 'b', userName: 'b', arrived: clock.now() }]);
  first.leave();
  (await second).leave();
  expect([...control.dump()]).toEqual([{ name: 'small', executing: 0, queues: [[], [], [], []] }]);
  expect(order).toEqual(['b']);
  const held = await enter('a', 'dev');
  const late = enter('b', 'dev');
  const refused = expect(late).rejects.toMatchObject({ code: 429 });
  await clock.advance(15_001);
  await refused;
  held.leave();
  expect(await enter('c', 'dev')).toBeDefined();
});

it('lends seats that a level does not use, and keeps those it may not lend', async () => {
  const reject: flowcontrolv1.LimitResponse = { type: 'Reject' };
  const { enter } = world(
    10,
    [
      level('rich', { nominalConcurrencyShares: 8, lendablePercent: 50, limitResponse: reject }),
      level('poor', { nominalConcurrencyShares: 2, limitResponse: reject }),
    ],
    [schema('r', 'rich', 1, 'rich'), schema('p', 'poor', 2, 'poor')],
  );
  for (let i = 0; i < 6; i++) await enter(`p${i}`, 'poor');
  await expect(enter('p6', 'poor')).rejects.toMatchObject({ code: 429 });
  for (let i = 0; i < 4; i++) await enter(`r${i}`, 'rich');
  await expect(enter('r4', 'rich')).rejects.toMatchObject({ code: 429 });
});

it('never shuts out administrators, nor anybody before there are levels', async () => {
  const { enter } = world(0, [level('none', { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } })], [schema('all', 'none', 1, 'dev')]);
  await expect(enter('a', 'dev')).rejects.toMatchObject({ code: 429 });
  expect(await enter('root', 'dev', 'system:masters')).toBeDefined();
  expect(await world(0, [], []).enter('a', 'dev')).toBeDefined();
});

it('follows changes of its objects', async () => {
  const { control, table } = world(1, [level('small', { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } })], [schema('all', 'small', 1, 'dev')]);
  const jane = aUser('jane', 'dev');
  const enter = async (): Promise<Ticket> => control.enter(jane, aRequest(), read);
  await enter();
  table.put(flowcontrol.flowschemas, schema('all', 'gone', 1, 'dev'));
  expect(await enter()).toMatchObject({ schemaUid: 'uid-all', levelUid: '' });
  table.put(flowcontrol.flowschemas, schema('all', 'gone', 1, 'others'));
  expect(await enter()).toMatchObject({ schemaUid: '' });
});

it('divides seats by shares', () => {
  const limits = seatLimits([level('a', { nominalConcurrencyShares: 30, lendablePercent: 33, borrowingLimitPercent: 50 }), level('b', { nominalConcurrencyShares: 10 })], 100);
  expect(limits.get('a')).toEqual({ nominal: 75, minimum: 50, maximum: 113, maxPerRequest: 0 });
  expect(limits.get('b')).toEqual({ nominal: 25, minimum: 25, maximum: 100, maxPerRequest: 0 });
});

it('takes turns between flows', () => {
  const queues = new FairQueues<string>({ queues: 64, handSize: 2, queueLengthLimit: 10 });
  for (let i = 0; i < 6; i++) queues.push('noisy', `noisy${i}`);
  queues.push('quiet', 'quiet');
  const order = Array.from({ length: 7 }, () => queues.shift());
  expect(order.indexOf('quiet')).toBeLessThan(4);
  expect(queues.size).toBe(0);
});

describe('the work of a request', () => {
  const stats = { count: 1000, bytes: 2_000_000 };
  it.each<[string, Partial<RequestedWork>, number, number, object]>([
    ['a get', {}, 0, 0, { initialSeats: 1, finalSeats: 0 }],
    ['a long list holds a bounded part in memory', { verb: 'list', name: '' }, 0, 0, { initialSeats: 10 }],
    ['a page', { verb: 'list', name: '', limit: 150 }, 0, 0, { initialSeats: 3 }],
    ['a list of one', { verb: 'list' }, 0, 0, { initialSeats: 1 }],
    ['a list, as far as its level lets it', { verb: 'list', name: '' }, 0, 4, { initialSeats: 4 }],
    ['a watch that begins with all', { verb: 'watch', name: '', sendsInitialEvents: true }, 0, 0, { initialSeats: 10 }],
    ['a watch that goes on', { verb: 'watch', name: '' }, 0, 0, { initialSeats: 1 }],
    ['a write that few see', { verb: 'update' }, 9, 0, { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 }],
    ['a write that some see', { verb: 'create' }, 25, 0, { initialSeats: 1, finalSeats: 3, additionalLatencyMs: 5 }],
    ['a write that many see, narrower and longer', { verb: 'patch' }, 400, 0, { finalSeats: 10, additionalLatencyMs: 20 }],
    ['a write that many see, as far as its level lets it', { verb: 'delete' }, 400, 5, { finalSeats: 5, additionalLatencyMs: 40 }],
    ['a token tells nobody', { verb: 'create', resource: 'serviceaccounts', subresource: 'token' }, 400, 0, { initialSeats: 1, finalSeats: 0 }],
    ['a collection that goes', { verb: 'deletecollection', name: '' }, 400, 0, { initialSeats: 1, finalSeats: 0 }],
  ])('%s', (_what, over, watchers, maximum, estimate) => {
    expect(estimateWork({ ...read, ...over }, stats, watchers, maximum)).toMatchObject(estimate);
  });

  it('of what is stored elsewhere is not known, nor of what there is none', () => {
    expect(estimateWork(list, undefined, 0, 0)).toMatchObject({ initialSeats: 1 });
    expect(estimateWork(list, { count: 0, bytes: 0 }, 0, 0)).toMatchObject({ initialSeats: 1 });
  });
});

describe('wide requests', () => {
  const levels = [level('all', { nominalConcurrencyShares: 1, limitResponse: queued(10) })];
  const schemas = [schema('all', 'all', 1, 'dev')];
  const dev = aUser('jane', 'dev');

  it('wait until there are enough seats, and those after them wait too', async () => {
    const { control, metrics } = world(10, levels, schemas); // a request may take ceil(1.5) = 2 of them
    const tickets = await Promise.all(Array.from({ length: 9 }, async (): Promise<Ticket> => control.enter(dev, aRequest(), read)));
    const order: string[] = [];
    const wide = Promise.resolve(control.enter(dev, aRequest(), list)).then((ticket) => (order.push('wide'), ticket));
    const narrow = Promise.resolve(control.enter(dev, aRequest(), read)).then((ticket) => (order.push('narrow'), ticket));
    expect(await metrics.metrics()).toContain('apiserver_flowcontrol_current_inqueue_seats{flow_schema="all",priority_level="all"} 3');
    tickets[0]?.leave();
    const held = await wide;
    expect(order).toEqual(['wide']);
    expect(await metrics.metrics()).toMatch(/current_executing_seats\{flow_schema="all",priority_level="all"\} 10\n/);
    held.leave();
    await narrow;
    expect(order).toEqual(['wide', 'narrow']);
    expect(await metrics.metrics()).toMatch(/work_estimated_seats_bucket\{le="1",[^}]*\} 10\n[^]*work_estimated_seats_bucket\{le="2",[^}]*\} 11\n/);
  });

  it('of which the event goes to many watches keep seats for a while, but no longer than that', async () => {
    const { control, clock, metrics } = world(10, levels, schemas);
    const tickets = await Promise.all(Array.from({ length: 5 }, async (): Promise<Ticket> => control.enter(dev, aRequest(), write)));
    let entered = false;
    const next = Promise.resolve(control.enter(dev, aRequest(), read)).then((ticket) => ((entered = true), ticket));
    for (const ticket of tickets) ticket.leave();
    await clock.advance(24); // 10 seats for 5 ms are 2 for 25
    expect(entered).toBe(false);
    await clock.advance(1);
    (await next).leave();
    expect(await metrics.metrics()).toMatch(/current_executing_seats\{flow_schema="all",priority_level="all"\} 0\n/);
    expect(await metrics.metrics()).toMatch(/watch_count_samples_sum\{flow_schema="all",priority_level="all"\} 500\n/);
  });

  it('run alone where they are wider than their level', async () => {
    const { control } = world(2, [level('small', { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } })], [schema('all', 'small', 1, 'dev')]);
    const ticket = await control.enter(dev, aRequest(), list);
    expect(() => control.enter(dev, aRequest(), read)).toThrow('Too many requests');
    ticket.leave();
    expect(await control.enter(dev, aRequest(), read)).toBeDefined();
  });
});
