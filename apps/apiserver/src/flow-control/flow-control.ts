import { flowcontrol, type flowcontrolv1 } from '@navarch/api';
import { tooManyRequests } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Registry } from 'prom-client';
import { GROUP_MASTERS, type AuthorizationAttributes, type ObjectReader, type User } from '../pipeline';
import { FairQueues } from './fair-queues';
import type { LevelDump, WaitingRequest } from './flow-control-dump';
import { FlowControlMetrics, type FlowNames, type LevelFigures } from './flow-control-metrics';
import { distinguisherOf, rulesFor, rulesMatch, type SchemaRules } from './flow-schema-match';
import { DEFAULT_HAND_SIZE, type SeatLimits, seatLimits } from './seats';
import { estimateWork, type ObjectStats, ONE_SEAT, type RequestedWork, tellsWatchers, widthOf, type WorkEstimate } from './work-estimate';

type Level = flowcontrolv1.PriorityLevelConfiguration;
type Schema = flowcontrolv1.FlowSchema;

/** A request that may run; `leave` exactly once. */
export interface Ticket {
  readonly schemaUid: string;
  readonly levelUid: string;
  leave(): void;
}

/** What work is estimated by. */
export interface WorkSources {
  /** Undefined for what this server does not store. */
  stats(attributes: AuthorizationAttributes): ObjectStats | undefined;
  /** Watches that a change of it may concern. */
  watchers(attributes: AuthorizationAttributes): number;
}

interface Waiting extends WaitingRequest {
  readonly admit: () => void;
  readonly width: number;
}

interface LevelState {
  readonly level: Level;
  readonly limits: SeatLimits;
  /** Seats that are taken. */
  running: number;
  /** Requests that run. */
  executing: number;
  readonly queues: FairQueues<Waiting> | undefined;
}

/** A schema, with the level that it leads to if there is that. */
interface Flow {
  readonly schema: Schema;
  readonly state: LevelState | undefined;
  readonly names: FlowNames;
}

/** Upstream's: a quarter of the time that a request may take. */
const waitLimitMs = 15_000;
const refusal = (): Error => tooManyRequests('Too many requests, please try again later.', 1);

/** API priority and fairness: sorts requests into flows and levels, and lets each level run as many as it has seats. */
export class FlowControl {
  private levels = new Map<string, LevelState>();
  /** In the order of their precedence. */
  private flows: readonly Flow[] = [];
  /** Those that are about a user, with the rules that say so. A user is one value for all requests of a connection. */
  private ofUsers = new WeakMap<User, readonly { readonly flow: Flow; readonly rules: readonly SchemaRules[] }[]>();
  private stale = true;
  private readonly metrics: FlowControlMetrics;

  constructor(
    private readonly seats: number,
    private readonly deps: { readonly reader: ObjectReader; readonly clock: Clock; readonly metrics: Registry; readonly sources: WorkSources },
  ) {
    const { reader } = deps;
    this.metrics = new FlowControlMetrics(deps.metrics, () => this.figures());
    const outdated = (): void => void (this.stale = true);
    reader.onChange(flowcontrol.prioritylevelconfigurations, outdated);
    reader.onChange(flowcontrol.flowschemas, outdated);
  }

  /** Lets a request run, at once where there is a seat. @throws tooManyRequests */
  enter(user: User, attributes: AuthorizationAttributes, requested: RequestedWork): Ticket | Promise<Ticket> {
    this.refresh();
    const flow = this.flowOf(user, attributes);
    const state = flow?.state;
    // Before there are any objects nothing is limited; the administrators' door stays open whatever they say.
    if (!state || state.level.spec?.type === 'Exempt' || user.groups.includes(GROUP_MASTERS)) return this.ticket(flow, attributes, ONE_SEAT);
    const work = this.estimate(flow.names, state, attributes, requested);
    if ((state.queues?.size ?? 0) === 0 && this.hasSeat(state, widthOf(work))) return this.ticket(flow, attributes, work);
    if (!state.queues) throw this.refuse(flow, 'concurrency-limit');
    return this.wait(flow, state.queues, {
      schema: flow.names.flow_schema,
      distinguisher: distinguisherOf(flow.schema, user, attributes),
      userName: user.name,
      attributes,
      arrived: this.deps.clock.now(),
      work,
    });
  }

  /** What runs and waits in each level. */
  *dump(): Generator<LevelDump> {
    this.refresh();
    for (const [name, { executing, queues }] of this.levels) yield { name, executing, queues: queues?.contents ?? [] };
  }

  private flowOf(user: User, attributes: AuthorizationAttributes): Flow | undefined {
    let ofUser = this.ofUsers.get(user);
    if (!ofUser) {
      ofUser = this.flows.map((flow) => ({ flow, rules: rulesFor(flow.schema, user) })).filter(({ rules }) => rules.length > 0);
      this.ofUsers.set(user, ofUser);
    }
    return ofUser.find(({ rules }) => rulesMatch(rules, attributes))?.flow;
  }

  private estimate(names: FlowNames, { limits }: LevelState, attributes: AuthorizationAttributes, requested: RequestedWork): WorkEstimate {
    const { sources } = this.deps;
    const { verb } = requested;
    const told = tellsWatchers(requested);
    const watchers = told ? sources.watchers(attributes) : 0;
    if (told) this.metrics.watched(names, watchers);
    const work = estimateWork(requested, verb === 'list' || verb === 'watch' ? sources.stats(attributes) : undefined, watchers, limits.maxPerRequest);
    this.metrics.estimated(names, widthOf(work));
    return work;
  }

  private wait(flow: Flow, queues: FairQueues<Waiting>, request: WaitingRequest): Promise<Ticket> {
    const { clock } = this.deps;
    const { attributes, arrived: since, work } = request;
    const { names } = flow;
    const width = widthOf(work);
    return new Promise((resolve, reject) => {
      const late = clock.setTimeout(() => {
        queues.remove(waiting);
        this.metrics.dequeued(names, width, (clock.now() - since) / 1000, false);
        reject(this.refuse(flow, 'time-out'));
      }, waitLimitMs);
      const waiting: Waiting = {
        ...request,
        admit: () => {
          late.cancel();
          this.metrics.dequeued(names, width, (clock.now() - since) / 1000, true);
          resolve(this.ticket(flow, attributes, work));
        },
        width,
      };
      if (queues.push(`${request.schema}/${request.distinguisher}`, waiting)) {
        this.metrics.enqueued(names, width, queues.size);
        return;
      }
      late.cancel();
      reject(this.refuse(flow, 'queue-full'));
    });
  }

  private ticket(flow: Flow | undefined, { verb }: AuthorizationAttributes, work: WorkEstimate): Ticket {
    const width = widthOf(work);
    const state = flow?.state;
    if (state) {
      state.running += width;
      state.executing++;
    }
    const series = state && this.metrics.started(flow.names, width, READS.has(verb));
    const free = (seats: number): void => {
      if (!state || seats === 0) return;
      state.running -= seats;
      series?.freed(seats);
      this.dispatch();
    };
    return {
      schemaUid: flow?.schema.metadata.uid ?? '', levelUid: state?.level.metadata.uid ?? '',
      leave: () => {
        series?.over();
        if (state) state.executing--;
        const { finalSeats, additionalLatencyMs } = work;
        free(width - finalSeats);
        // Its event still goes out to watchers; nobody waits for that.
        if (finalSeats > 0) this.deps.clock.setTimeout(() => free(finalSeats), additionalLatencyMs);
      },
    };
  }

  private refuse({ names }: Flow, reason: string): Error {
    this.metrics.refused(names, reason);
    return refusal();
  }

  /** A seat of its own, or one that others lend: what they keep for themselves stays free. */
  private hasSeat(state: LevelState, width: number): boolean {
    const { running, limits } = state;
    // What is wider than its level runs alone.
    const seats = Math.min(width, Math.max(1, limits.maximum));
    if (running + seats <= limits.minimum || (running === 0 && limits.minimum > 0)) return true;
    if (running + seats > limits.maximum) return false;
    let others = 0;
    for (const other of this.levels.values()) if (other !== state && other.level.spec?.type !== 'Exempt') others += Math.max(other.running, other.limits.minimum);
    return others + running + seats <= this.seats || (running === 0 && others < this.seats);
  }

  private *figures(): Generator<LevelFigures> {
    this.refresh();
    for (const [level, { limits, running, queues }] of this.levels) yield { level, ...limits, running, waiting: queues?.size ?? 0 };
  }

  private dispatch(): void {
    for (const state of this.levels.values()) {
      for (let next = state.queues?.peek(); next && this.hasSeat(state, next.width); next = state.queues?.peek()) state.queues?.shift()?.admit();
    }
  }

  /** Takes over changed objects. Requests that run or wait stay with the state they were let in by, as far as it is still there. */
  private refresh(): void {
    if (!this.stale) return;
    this.stale = false;
    const { reader } = this.deps;
    const levels = reader.list(flowcontrol.prioritylevelconfigurations);
    const limits = seatLimits(levels, this.seats);
    this.levels = new Map(levels.map((level) => {
      const name = level.metadata.name ?? '';
      const before = this.levels.get(name);
      const { type, queuing } = level.spec?.limited?.limitResponse ?? {};
      const options = { queues: queuing?.queues ?? 64, handSize: queuing?.handSize ?? DEFAULT_HAND_SIZE, queueLengthLimit: queuing?.queueLengthLimit ?? 50 };
      const same = before !== undefined && JSON.stringify(before.level.spec) === JSON.stringify(level.spec);
      const queues = same ? before.queues : type === 'Queue' ? new FairQueues<Waiting>(options) : undefined;
      const state: LevelState = same
        ? Object.assign(before, { level, limits: limits.get(name) })
        : { level, limits: limits.get(name) ?? { nominal: 0, minimum: 0, maximum: 0, maxPerRequest: 0 }, running: 0, executing: 0, queues };
      if (!same) drain(before);
      return [name, state];
    }));
    this.flows = reader
      .list(flowcontrol.flowschemas)
      .sort((a, b) => (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
      .map((schema) => {
        const level = schema.spec?.priorityLevelConfiguration.name ?? '';
        return { schema, state: this.levels.get(level), names: { flow_schema: schema.metadata.name ?? '', priority_level: level } };
      });
    this.ofUsers = new WeakMap();
  }
}

const READS = new Set(['get', 'list']);

/** Who waits in a level that is no more the same is let run: a change of configuration refuses nobody. */
function drain(state: LevelState | undefined): void {
  for (let waiting = state?.queues?.shift(); waiting; waiting = state?.queues?.shift()) waiting.admit();
}
