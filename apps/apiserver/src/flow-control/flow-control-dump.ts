import { formatDuration } from '@navarch/apimachinery';
import type { AuthorizationAttributes } from '../pipeline';
import { alignedColumns } from './aligned-columns';
import { type WorkEstimate, widthOf } from './work-estimate';

/** A request that waits. */
export interface WaitingRequest {
  readonly schema: string;
  readonly distinguisher: string;
  readonly userName: string;
  readonly attributes: AuthorizationAttributes;
  /** Milliseconds since 1970. */
  readonly arrived: number;
  readonly work: WorkEstimate;
}

/** A level at one moment. Levels that refuse or exempt have no queues. */
export interface LevelDump {
  readonly name: string;
  readonly executing: number;
  /** First come first. */
  readonly queues: readonly (readonly WaitingRequest[])[];
}

const NANOS_PER_MS = 1_000_000;
/** What upstream reckons a request to take before its final phase. */
const ESTIMATED_SERVICE_MS = 3;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const seatSeconds = (seatMs: number): string => `${(seatMs / 1000).toFixed(8)}ss`;
const totalWork = ({ initialSeats, finalSeats, additionalLatencyMs }: WorkEstimate): number => initialSeats * ESTIMATED_SERVICE_MS + finalSeats * additionalLatencyMs;
/** RFC 3339 with no more digits than are needed. */
const arrival = (ms: number): string => new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');

/** A row for each level. Mirrors staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller_debug.go, as the others here. */
export function dumpPriorityLevels(levels: Iterable<LevelDump>): string {
  const rows = Array.from(levels, ({ name, executing, queues }) => {
    const waiting = sum(queues.map(({ length }) => length));
    const active = queues.filter(({ length }) => length > 0).length;
    // A level that is deleted is gone at once here: none is quiescing.
    return [name, active, waiting + executing === 0, false, waiting, executing];
  });
  return alignedColumns(['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests'], rows);
}

/** A row for each queue. Requests leave their queue when they run, and queues take turns without a virtual time: what upstream says of those is 0. */
export function dumpQueues(levels: Iterable<LevelDump>): string {
  const rows = Array.from(levels).flatMap(({ name, queues }) => queues.map((queue, index) => {
    const works = queue.map(({ work }) => work);
    return [name, index, queue.length, 0, 0, seatSeconds(0), sum(works.map(({ initialSeats }) => initialSeats)), sum(works.map(widthOf)), seatSeconds(sum(works.map(totalWork)))];
  }));
  return alignedColumns(['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR', 'InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum'], rows);
}

/** A row for each request that waits. */
export function dumpRequests(levels: Iterable<LevelDump>, withDetails: boolean): string {
  const rows = Array.from(levels).flatMap(({ name, queues }) => queues.flatMap((queue, queueIndex) => queue.map((request, index) => {
    const { schema, distinguisher, arrived, work: { initialSeats, finalSeats, additionalLatencyMs } } = request;
    const row = [name, schema, queueIndex, index, distinguisher, arrival(arrived), initialSeats, finalSeats, formatDuration(Math.round(additionalLatencyMs * NANOS_PER_MS))];
    return withDetails ? [...row, ...details(request)] : row;
  })));
  // Upstream's spelling.
  const columns = ['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency'];
  return alignedColumns(withDetails ? [...columns, 'UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'] : columns, rows);
}

function details({ userName, attributes: { verb, path, namespace, name, group, version, resource, subresource } }: WaitingRequest): string[] {
  return [userName, verb, path, namespace, name, group === '' ? version : `${group}/${version}`, resource, subresource];
}
