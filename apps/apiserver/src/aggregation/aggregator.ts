import { apiregistration, type apiregistrationv1, type metav1, core, discovery, type ResourceFacts } from '@navarch/api';
import { formatTime, isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { Gauge, type Registry } from 'prom-client';
import type { ObjectReader, ObjectWriter } from '../pipeline';
import type { Priorities, ServedCatalog } from '../registry/served-catalog';
import type { ServiceResolver } from '../services/service-resolver';
import { addressOf, ask, getText, type ReadProxyCertificate } from './aggregated-server';
import { type Availability, checkEndpoints, failedDiscovery, passed, withAvailability } from './availability';
import { CheckSchedule } from './check-schedule';
import { automanaged, apiServiceName, localApiService } from './local-api-services';
import { aggregatedFactsOf, aggregatedForms, factsOf, isAggregated } from './remote-facts';
import { RemoteDocuments } from './remote-openapi';

type APIService = apiregistrationv1.APIService;

const serviceNameLabel = 'kubernetes.io/service-name';

const prioritiesOf = ({ spec }: APIService): Priorities => ({ group: spec?.groupPriorityMinimum ?? 0, version: spec?.versionPriority ?? 0 });

export interface AggregatorDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly catalog: ServedCatalog;
  readonly services: ServiceResolver;
  readonly certificate: ReadProxyCertificate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Called when the groups of this server have their APIServices. */
  readonly registered: () => void;
}

/** Knows which groups other API servers serve, whether those answer, and keeps an APIService for each group of this one. */
export class Aggregator implements Component {
  readonly name = 'aggregator';
  private readonly remote = new Map<string, APIService>();
  private readonly documents = new Map<string, RemoteDocuments>();
  private readonly stopping = new AbortController();
  private readonly unavailable: Gauge;
  private wake: (() => void) | undefined;
  private readonly schedule: CheckSchedule;
  /** Those whose object had changed when their availability was to be written. */
  private readonly outdated = new Set<string>();
  private running: Promise<void> | undefined;
  private registered = -1;

  constructor(private readonly deps: AggregatorDeps) {
    this.schedule = new CheckSchedule(deps.clock.monotonic());
    this.unavailable = new Gauge({ name: 'aggregator_unavailable_apiservice', help: 'Whether an aggregated API server does not answer.', labelNames: ['name'], registers: [deps.metrics] });
  }

  start(): Promise<void> {
    const { reader } = this.deps;
    reader.onChange(apiregistration.apiservices, ({ type, object }) => {
      this.follow(object, type === 'delete');
    });
    for (const service of reader.list(apiregistration.apiservices)) this.follow(service, false);
    reader.onChange(core.services, ({ object: { metadata } }) => this.serviceChanged(metadata.namespace, metadata.name));
    reader.onChange(discovery.endpointslices, ({ object: { metadata } }) => this.serviceChanged(metadata.namespace, metadata.labels?.[serviceNameLabel]));
    this.running = this.loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake?.();
    await this.running;
  }

  /** The other server that serves a path; undefined: this one does. */
  remoteFor(path: string): APIService | undefined {
    if (this.remote.size === 0 || !path.startsWith('/apis/')) return undefined;
    const [, , group = '', version = ''] = path.split('/', 4);
    return this.remote.get(`${group}/${version}`);
  }

  private follow(service: APIService, gone: boolean): void {
    const { group = '', version = '', service: target } = service.spec ?? {};
    const key = `${group}/${version}`;
    if (gone || target === undefined) {
      if (this.remote.delete(key)) {
        this.deps.catalog.deleteRemote(key);
        this.documents.delete(key);
        this.schedule.forget(key);
        this.outdated.delete(key);
        this.unavailable.remove(service.metadata.name ?? '');
      }
      return;
    }
    const before = this.remote.get(key);
    this.remote.set(key, service);
    // Its own writes of the status are no news.
    if (this.outdated.delete(key) || JSON.stringify(before?.spec) !== JSON.stringify(service.spec)) this.kick(key);
  }

  /** Most Services have nothing to do with this: roll-outs must not have every other server asked again and again. */
  private serviceChanged(namespace: string | undefined, name: string | undefined): void {
    for (const [key, { spec }] of this.remote) if (spec?.service?.namespace === namespace && spec?.service?.name === name) this.kick(key);
  }

  private kick(key: string): void {
    this.schedule.changed(key);
    this.wake?.();
  }

  private async loop(): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const asked = this.schedule.take(this.remote.keys(), clock.monotonic());
      try {
        await this.registerLocal();
        await Promise.all(asked.map(async (key) => {
          const service = this.remote.get(key);
          if (service !== undefined) await this.check(key, service);
        }));
      } catch (error) {
        log.warn({ err: error }, 'API services not checked, trying again');
      }
      const restMs = this.schedule.nextAt - clock.monotonic();
      if (restMs <= 0) continue;
      const resting = new AbortController();
      this.wake = () => resting.abort();
      await rest(clock, restMs, signal, resting.signal);
      this.wake = undefined;
    }
  }

  private async check(key: string, service: APIService): Promise<void> {
    const { reader, clock } = this.deps;
    const lacking = checkEndpoints(reader, service.spec?.service ?? {});
    const availability = lacking ?? (await this.discover(key, service));
    // What it lacks is told when it comes; whether it answers must be asked.
    if (lacking === undefined && !availability.available) this.schedule.failed(key, clock.monotonic());
    else this.schedule.answered(key);
    // Who cannot be asked is still there: nothing that lists all there is may overlook it.
    if (!availability.available && this.remote.has(key)) this.deps.catalog.setStale(key, prioritiesOf(service));
    this.unavailable.set({ name: service.metadata.name ?? '' }, availability.available ? 0 : 1);
    const changed = withAvailability(service, availability, formatTime(clock.now()));
    if (!changed) return;
    try {
      await this.deps.writer.update(apiregistration.apiservices, changed, 'status');
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
      // Another server was faster: once its change is seen, this one's is to be looked at again.
      if (this.remote.get(key) === service) this.outdated.add(key);
      else this.kick(key);
    }
  }

  private async discover(key: string, service: APIService): Promise<Availability> {
    let url = `/apis/${key}`;
    try {
      const address = await addressOf(service, url, this.deps.services, this.deps.certificate);
      url = address.url.href;
      const text = await getText(address);
      // It may have been taken back meanwhile.
      if (!this.remote.has(key)) return passed;
      if (await this.learn(service, key, text)) await this.describe(key, service);
      return passed;
    } catch (error) {
      return failedDiscovery(url, error instanceof Error ? error.message : String(error));
    }
  }

  /** Whoever answers is available, as upstream's available_controller.go has it: what it serves is not known if the answer cannot be read. */
  private async learn(service: APIService, key: string, text: string): Promise<boolean> {
    const { catalog, log } = this.deps;
    const [group = '', version = ''] = key.split('/');
    try {
      const facts = (await this.aggregatedFacts(service, group, version)) ?? factsOf(group, version, JSON.parse(text) as Partial<metav1.APIResourceList>);
      if (!this.remote.has(key)) return false;
      catalog.setRemote(key, facts, prioritiesOf(service));
      return true;
    } catch (error) {
      log.warn({ err: error, groupVersion: key }, 'aggregated API server does not say what it serves');
      catalog.setStale(key, prioritiesOf(service));
      return false;
    }
  }

  /** From the one document of all that the server has, which upstream's handler_discovery.go asks for before that of the version; undefined where there is none. */
  private async aggregatedFacts(service: APIService, group: string, version: string): Promise<ResourceFacts[] | undefined> {
    const { services, certificate, log } = this.deps;
    try {
      const { text, contentType } = await ask(await addressOf(service, '/apis', services, certificate), aggregatedForms);
      return isAggregated(contentType) ? aggregatedFactsOf(group, version, JSON.parse(text) as object) : undefined;
    } catch (error) {
      log.debug({ err: error, group, version }, 'aggregated API server has no aggregated discovery');
      return undefined;
    }
  }

  /** Learns what the group looks like. Who does not say so is served all the same. */
  private async describe(key: string, service: APIService): Promise<void> {
    const { catalog, services, certificate, log } = this.deps;
    const documents = this.documents.get(key) ?? new RemoteDocuments();
    this.documents.set(key, documents);
    try {
      catalog.setRemoteOpenApi(key, await documents.load(key, async <T>(path: string) => JSON.parse(await getText(await addressOf(service, path, services, certificate))) as T));
    } catch (error) {
      log.debug({ err: error, groupVersion: key }, 'aggregated API server has no OpenAPI document');
    }
  }

  /** One APIService for each group and version of this server; those of groups that are gone are taken back. */
  private async registerLocal(): Promise<void> {
    const { catalog, reader, writer, clock } = this.deps;
    if (this.registered === catalog.edition) return;
    const { edition } = catalog;
    // The group that registers the others is not registered itself.
    const registered = catalog.facts.filter(({ group }) => group !== apiregistration.apiservices.group);
    const wanted = new Map(registered.map(({ group, version }) => [apiServiceName(group, version), localApiService(group, version, formatTime(clock.now()))]));
    await Promise.all([...wanted].map(async ([name, service]) => {
      if (reader.get(apiregistration.apiservices, '', name) !== undefined) return;
      try {
        const made = await writer.create(apiregistration.apiservices, service);
        await writer.update(apiregistration.apiservices, { ...made, ...(service.status ? { status: service.status } : {}) }, 'status');
      } catch (error) {
        if (!isAlreadyExists(error) && !isConflict(error)) throw error;
      }
    }));
    for (const { metadata, spec } of reader.list(apiregistration.apiservices)) {
      const name = metadata.name ?? '';
      if (metadata.labels?.[automanaged] !== 'true' || spec?.service !== undefined || wanted.has(name)) continue;
      await writer.delete(apiregistration.apiservices, '', name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    this.registered = edition;
    this.deps.registered();
  }
}
