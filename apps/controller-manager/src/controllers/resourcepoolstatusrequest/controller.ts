import { resource as dra, type resourcev1, type resourcev1alpha3 } from '@navarch/api';
import { formatTime, isNotFound } from '@navarch/apimachinery';
import { done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { Counter, exponentialBuckets, Histogram } from 'prom-client';
import type { ControllerContext } from '../../context';
import { firstFailure } from '../../errors';
import { periodicController } from '../../periodic-controller';
import { read, runningController, together, type RunningController } from '../../running-controller';
import { whereServed } from '../../where-served';
import { isExpired, poolStatus } from './sync';

type Request = resourcev1alpha3.ResourcePoolStatusRequest;

const NAME = 'resourcepoolstatusrequest-controller';
const CLEANING_MS = 10 * 60_000;
/** As often as upstream tries again, for drivers to publish what is missing, before it gives up until the request changes. */
const MOST_RETRIES = 5;

/** Tells who asks what the pools of a driver hold. */
export class PoolStatusReconciler implements Reconciler {
  readonly name = NAME;
  readonly requests: ObjectSource<Request>;
  readonly slices: ObjectSource<resourcev1.ResourceSlice>;
  readonly claims: ObjectSource<resourcev1.ResourceClaim>;
  readonly #context: ControllerContext;
  readonly #processed: Counter<'driver_name'>;
  readonly #errors: Counter<'driver_name'>;
  readonly #duration: Histogram<'driver_name'>;
  /** Requests that failed, by name. */
  readonly #failures = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    const common = { labelNames: ['driver_name'] as const, registers: [context.registry] };
    const prefix = 'resourcepoolstatusrequest_controller';
    this.#processed = new Counter({ ...common, name: `${prefix}_requests_processed_total`, help: 'Total number of ResourcePoolStatusRequests processed' });
    this.#errors = new Counter({ ...common, name: `${prefix}_request_processing_errors_total`, help: 'Total number of errors encountered while processing ResourcePoolStatusRequests' });
    this.#duration = new Histogram({
      ...common,
      name: `${prefix}_request_processing_duration_seconds`,
      help: 'Time taken to process a ResourcePoolStatusRequest',
      buckets: exponentialBuckets(0.001, 2, 15),
    });
    this.requests = context.sources.informer(dra.resourcepoolstatusrequests);
    this.slices = context.sources.informer(dra.resourceslices);
    this.claims = context.sources.informer(dra.resourceclaims);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const request = this.requests.get(key);
    if (request === undefined || request.status !== undefined) {
      this.#failures.delete(key.name);
      return done;
    }
    try {
      await this.#answer(request, signal);
      this.#failures.delete(key.name);
    } catch (error) {
      const failures = (this.#failures.get(key.name) ?? 0) + 1;
      if (failures <= MOST_RETRIES) {
        this.#failures.set(key.name, failures);
        throw error;
      }
      this.#failures.delete(key.name);
      this.#context.log.error({ err: error, name: key.name }, 'a request for the status of pools is given up');
    }
    return done;
  }

  async #answer(request: Request, signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    const started = clock.monotonic();
    const status = poolStatus(request, this.slices.list(), this.claims.list(), formatTime(clock.now()));
    if (status.pools?.some(({ validationError }) => validationError !== undefined) === true) throw new Error('incomplete pools detected, requeueing');
    const labels = { driver_name: request.spec.driver };
    try {
      await api.updateStatus(dra.resourcepoolstatusrequests, { ...request, status }, { signal });
    } catch (error) {
      this.#errors.inc(labels);
      throw error;
    } finally {
      this.#processed.inc(labels);
      this.#duration.observe(labels, (clock.monotonic() - started) / 1000);
    }
  }

  async removeExpired(signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    const expired = this.requests.list().filter((request) => isExpired(request, clock.now()));
    const outcomes = await Promise.allSettled(expired.map((request) => {
      const { uid } = request.metadata;
      return api.delete(dra.resourcepoolstatusrequests, keyOfObject(request), { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }));
    const failure = firstFailure(outcomes);
    if (failure !== undefined) throw failure;
  }
}

export const poolStatusController = whereServed({ name: NAME, types: [dra.resourcepoolstatusrequests], reads: [dra.resourceclaims, dra.resourceslices], create: (context): RunningController => {
  const reconciler = new PoolStatusReconciler(context);
  const { requests, slices, claims } = reconciler;
  const answering = runningController({
    reconciler,
    workers: 1,
    reads: [read(requests), read(slices), read(claims)],
    watch: (controller) => {
      const wake = (request: Request): void => {
        if (request.status === undefined) controller.enqueueObject(request);
      };
      return [requests.addHandler({ onAdd: wake, onUpdate: (_, request) => wake(request) })];
    },
  }, context);
  const cleaning = periodicController({ name: NAME, periodMs: CLEANING_MS, reads: [read(requests)], work: (signal) => reconciler.removeExpired(signal) }, context);
  return together(answering, cleaning);
} });
