import { apiregistration, type apiregistrationv1, type metav1, core, discovery } from '@navarch/api';
import { formatTime, isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { Gauge, type Registry } from 'prom-client';
import type { ObjectReader, ObjectWriter } from '../pipeline';
import type { ServedCatalog } from '../registry/served-catalog';
import type { ServiceResolver } from '../services/service-resolver';
import { addressOf, getJson, type ProxyCertificate } from './aggregated-server';
import { type Availability, checkEndpoints, failedDiscovery, passed, withAvailability } from './availability';
import { automanaged, apiServiceName, localApiService } from './local-api-services';
import { factsOf } from './remote-facts';
import { RemoteDocuments } from './remote-openapi';

type APIService = apiregistrationv1.APIService;

/** Upstream checks this often, and whenever something about the service changes. */
const checkEveryMs = 30_000;

export interface AggregatorDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly catalog: ServedCatalog;
  readonly services: ServiceResolver;
  readonly certificate: ProxyCertificate | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Registry;
}

/** Knows which groups other API servers serve, whether those answer, and keeps an APIService for each group of this one. */
export class Aggregator implements Component {
  readonly name = 'aggregator';
  private readonly remote = new Map<string, APIService>();
  private readonly documents = new Map<string, RemoteDocuments>();
  private readonly stopping = new AbortController();
  private readonly unavailable: Gauge;
  private wake: (() => void) | undefined;
  private dirty = true;
  private running: Promise<void> | undefined;
  private registered = -1;

  constructor(private readonly deps: AggregatorDeps) {
    this.unavailable = new Gauge({ name: 'aggregator_unavailable_apiservice', help: 'Whether an aggregated API server does not answer.', labelNames: ['name'], registers: [deps.metrics] });
  }

  start(): Promise<void> {
    const { reader } = this.deps;
    reader.onChange(apiregistration.apiservices, ({ type, object }) => {
      this.follow(object, type === 'delete');
    });
    for (const service of reader.list(apiregistration.apiservices)) this.follow(service, false);
    for (const type of [core.services, discovery.endpointslices]) reader.onChange(type, () => {
      if (this.remote.size > 0) this.kick();
    });
    this.running = this.loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.kick();
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
        this.unavailable.remove(service.metadata.name ?? '');
      }
      return;
    }
    const before = this.remote.get(key);
    this.remote.set(key, service);
    // Its own writes of the status are no news.
    if (JSON.stringify(before?.spec) !== JSON.stringify(service.spec)) this.kick();
  }

  private kick(): void {
    this.dirty = true;
    this.wake?.();
  }

  private isPending(): boolean {
    return this.dirty;
  }

  private async loop(): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.dirty = false;
      try {
        await this.registerLocal();
        await Promise.all([...this.remote].map(([key, service]) => this.check(key, service)));
      } catch (error) {
        log.warn({ err: error }, 'API services not checked, trying again');
      }
      if (this.isPending()) continue;
      const resting = new AbortController();
      this.wake = () => resting.abort();
      await clock.sleep(checkEveryMs, AbortSignal.any([signal, resting.signal])).catch(() => undefined); // an abort ends the rest
      this.wake = undefined;
    }
  }

  private async check(key: string, service: APIService): Promise<void> {
    const availability = checkEndpoints(this.deps.reader, service.spec?.service ?? {}) ?? (await this.discover(key, service));
    // Who cannot be asked is still there: nothing that lists all there is may overlook it.
    if (!availability.available && this.remote.has(key)) this.deps.catalog.setStale(key);
    this.unavailable.set({ name: service.metadata.name ?? '' }, availability.available ? 0 : 1);
    const changed = withAvailability(service, availability, formatTime(this.deps.clock.now()));
    if (!changed) return;
    try {
      await this.deps.writer.update(apiregistration.apiservices, changed, 'status');
    } catch (error) {
      // Another server was faster, or it is gone: the change will be seen.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }

  private async discover(key: string, service: APIService): Promise<Availability> {
    const [group = '', version = ''] = key.split('/');
    let url = `/apis/${key}`;
    try {
      const address = addressOf(service, url, this.deps.services, this.deps.certificate);
      url = address.url.href;
      const list = await getJson<Partial<metav1.APIResourceList>>(address);
      // It may have been taken back meanwhile.
      if (!this.remote.has(key)) return passed;
      this.deps.catalog.setRemote(key, factsOf(group, version, list));
      await this.describe(key, service);
      return passed;
    } catch (error) {
      return failedDiscovery(url, error instanceof Error ? error.message : String(error));
    }
  }

  /** Learns what the group looks like. Who does not say so is served all the same. */
  private async describe(key: string, service: APIService): Promise<void> {
    const { catalog, services, certificate, log } = this.deps;
    const documents = this.documents.get(key) ?? new RemoteDocuments();
    this.documents.set(key, documents);
    try {
      catalog.setRemoteOpenApi(key, await documents.load(key, (path) => getJson(addressOf(service, path, services, certificate))));
    } catch (error) {
      log.debug({ err: error, groupVersion: key }, 'aggregated API server has no OpenAPI document');
    }
  }

  /** One APIService for each group and version of this server; those of groups that are gone are taken back. */
  private async registerLocal(): Promise<void> {
    const { catalog, reader, writer, clock } = this.deps;
    if (this.registered === catalog.edition) return;
    const { edition } = catalog;
    const wanted = new Map(catalog.facts.map(({ group, version }) => [apiServiceName(group, version), localApiService(group, version, formatTime(clock.now()))]));
    for (const [name, service] of wanted) {
      if (reader.get(apiregistration.apiservices, '', name) !== undefined) continue;
      try {
        const made = await writer.create(apiregistration.apiservices, service);
        await writer.update(apiregistration.apiservices, { ...made, ...(service.status ? { status: service.status } : {}) }, 'status');
      } catch (error) {
        if (!isAlreadyExists(error) && !isConflict(error)) throw error;
      }
    }
    for (const { metadata, spec } of reader.list(apiregistration.apiservices)) {
      const name = metadata.name ?? '';
      if (metadata.labels?.[automanaged] !== 'true' || spec?.service !== undefined || wanted.has(name)) continue;
      await writer.delete(apiregistration.apiservices, '', name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    this.registered = edition;
  }
}
