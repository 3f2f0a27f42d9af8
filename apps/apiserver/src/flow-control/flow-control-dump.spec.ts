import { aRequest } from '../testing/admission-attributes';
import { dumpPriorityLevels, dumpQueues, dumpRequests, type LevelDump, type WaitingRequest } from './flow-control-dump';
import { ONE_SEAT } from './work-estimate';

const arrived = Date.UTC(2026, 0, 2, 3, 4, 5, 120);
const waiting = (over: Partial<WaitingRequest>): WaitingRequest => ({
  schema: 'all', distinguisher: 'jane', userName: 'jane', arrived, work: ONE_SEAT,
  attributes: aRequest({ verb: 'list', path: '/apis/apps/v1/namespaces/team/deployments', group: 'apps', version: 'v1', resource: 'deployments', subresource: '', namespace: 'team', name: '' }), ...over,
});
const wide = waiting({ arrived: Math.floor(arrived / 1000) * 1000, work: { initialSeats: 1, finalSeats: 3, additionalLatencyMs: 20 / 3 } });
const levels: LevelDump[] = [{ name: 'exempt', executing: 0, queues: [] }, { name: 'workload-low', executing: 2, queues: [[], [waiting({}), wide]] }];

/** The cells of each line. */
const cellsOf = (text: string): string[][] => text.trimEnd().split('\n').map((line) => line.split(/, */));

it('prints columns under each other', () => {
  expect(dumpPriorityLevels(levels)).toBe([
    'PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests',
    'exempt,            0,            true,   false,       0,               0',
    'workload-low,      1,            false,  false,       2,               2', '',
  ].join('\n'));
});

it('sums up what waits in each queue', () => {
  expect(cellsOf(dumpQueues(levels))).toEqual([
    ['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR', 'InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum'],
    ['workload-low', '0', '0', '0', '0', '0.00000000ss', '0', '0', '0.00000000ss'],
    ['workload-low', '1', '2', '0', '0', '0.00000000ss', '2', '4', '0.02600000ss'],
  ]);
});

it('tells of each request that waits, in full where that is asked for', () => {
  const short = ['workload-low', 'all', '1', '0', 'jane', '2026-01-02T03:04:05.12Z', '1', '0', '0s'];
  expect(cellsOf(dumpRequests(levels, false)).slice(1)).toEqual([short, ['workload-low', 'all', '1', '1', 'jane', '2026-01-02T03:04:05Z', '1', '3', '6.666667ms']]);
  const [headings, first] = cellsOf(dumpRequests(levels, true));
  expect(headings?.slice(9)).toEqual(['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource']);
  expect(first).toEqual([...short, 'jane', 'list', '/apis/apps/v1/namespaces/team/deployments', 'team', '', 'apps/v1', 'deployments', '']);
});
