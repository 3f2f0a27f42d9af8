import { setMaxListeners } from 'node:events';
import { systemClock, type Clock } from '@navarch/clock';
import { type Registry } from 'prom-client';
import { TapServer } from './boundary/tap-server';
import { commonFlags } from './common-flags';
import { ComponentGroup, type Component } from './component';
import { EventLoopMonitor } from './event-loop-monitor';
import { FeatureGates } from './feature-gates/feature-gates';
import { type HeededGate } from './feature-gates/gate-table';
import { type Config, type FlagTable } from './flag-table';
import { HealthChecks } from './health-checks';
import { HealthServer, type HealthServerOptions } from './health-server';
import { createLogger, levelOfVerbosity, type Logger } from './logger';
import { createRegistry, GIT_VERSION } from './metrics';
import { NetworkWatch } from './network-watch';
import { describeFlags, FlagError, type FlagSettings, givenWithoutEffect, parseFlags, redactConfig, withoutRequired } from './parse-flags';
import { nodeHost, type ProcessHost } from './process-host';
import { flagTexts } from './zpages/flag-texts';
import { ZPages } from './zpages/zpages';

/** What a process's `main` composes its components from. */
export interface ProcessContext<F extends FlagTable> {
  readonly name: string;
  readonly config: Config<F>;
  readonly log: Logger;
  readonly registry: Registry;
  readonly health: HealthChecks;
  readonly clock: Clock;
  /** Aborts when the shutdown begins. */
  readonly signal: AbortSignal;
  /** Serves one more path beside /metrics. */
  readonly handle: HealthServer['handle'];
  /** /statusz and /flagz, for a process that serves more than the health server does. */
  readonly zpages: ZPages;
  /** What `--feature-gates` says. */
  readonly features: FeatureGates;
  /** Ends the process in order, with code 1: for background work that cannot go on. */
  readonly fail: (error: unknown) => void;
}

export interface ProcessDefinition<F extends FlagTable> {
  readonly name: string;
  /** What upstream calls such a component on its own pages; by default as above. */
  readonly component?: string;
  readonly flags: F;
  /** The feature gates that it asks about, besides those of every process. */
  readonly heeds?: readonly HeededGate[];
  /** What a configuration file named by the flags says. @throws FlagError */
  readonly settings?: (config: Config<F>) => FlagSettings;
  /** What is done instead of running, whether or not what is required is given: true when it was asked for, and is done. @throws FlagError */
  readonly instead?: (config: Config<F>) => boolean;
  /** Where health and metrics are served, in all places the same; undefined: nowhere by this library (the process serves them itself). */
  readonly health?: (config: Config<F>) => HealthServerOptions | readonly HealthServerOptions[] | undefined;
  /** Composes the components, in the order to start them; makes no I/O that its components do not stop. */
  readonly main: (context: ProcessContext<F>) => Promise<readonly Component[]> | readonly Component[];
  /** How long it goes on as before, unready, once it is told to end: those who are told at the same time have their last words with it. */
  readonly shutdownDelayMs?: (config: Config<F>) => number;
  /** After this long, and that, a shutdown is cut off. */
  readonly shutdownTimeoutMs?: number | ((config: Config<F>) => number);
}

/**
 * The life of a process: flags, logger, metrics and health; components started in order and ready when all are;
 * SIGTERM or SIGINT: readiness goes false, components stop in reverse, exit 0; a second signal exits at once.
 */
export async function runProcess<F extends FlagTable>(definition: ProcessDefinition<F>, host: ProcessHost = nodeHost): Promise<void> {
  const table = { ...commonFlags, ...definition.flags };
  let config: Config<F>;
  let common: Config<typeof commonFlags>;
  let settings: FlagSettings | undefined;
  let flags: Readonly<Record<string, string>>;
  let features: FeatureGates;
  try {
    // Who asks what flags there are need not give those that are required.
    const asked = parseFlags(withoutRequired(table), host.argv, host.env) as Config<typeof commonFlags>;
    if (asked.help) {
      host.print(`Usage: ${definition.name} [flags]\n\n${describeFlags(table)}\n`);
      host.exit(0);
      return;
    }
    if (asked.version) {
      host.print(`Kubernetes ${GIT_VERSION}\n`);
      host.exit(0);
      return;
    }
    // What is required may stand in a configuration file.
    const parsed = parseFlags(definition.settings ?? definition.instead ? withoutRequired(table) : table, host.argv, host.env) as Config<F> & Config<typeof commonFlags>;
    // What a configuration file says is for /configz: upstream's /flagz tells of flags only.
    flags = flagTexts(table, parsed);
    settings = definition.settings?.(parsed);
    if (definition.instead?.(parseFlags(withoutRequired(table), host.argv, host.env, settings?.values) as typeof parsed) === true) {
      host.exit(0);
      return;
    }
    const complete = settings ? (parseFlags(table, host.argv, host.env, settings.values) as typeof parsed) : parsed;
    config = complete;
    common = complete;
    // As upstream, a flag adds to what a file says, and of one gate has the last word.
    features = FeatureGates.parse([...(settings?.values['feature-gates']?.split(',') ?? []), ...common.featureGates], definition.heeds);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    host.printError(`Error: ${error.message}\nSee '${definition.name} --help'.\n`);
    host.exit(1);
    return;
  }
  const log = createLogger(definition.name, { level: levelOfVerbosity(common.v), ...(host.logStream ? { stream: host.logStream } : {}) });
  if (settings && settings.withoutEffect.length > 0) log.warn({ fields: settings.withoutEffect }, 'these fields of the configuration file change nothing here');
  const flagsWithoutEffect = givenWithoutEffect(table, config);
  if (flagsWithoutEffect.length > 0) log.warn({ flags: flagsWithoutEffect }, 'these flags change nothing here');
  const gatesWithoutEffect = features.withoutEffect();
  if (gatesWithoutEffect.length > 0) log.warn({ featureGates: gatesWithoutEffect }, 'these feature gates change nothing here');
  const zpages = new ZPages({ component: definition.component ?? definition.name, startedMs: systemClock.now() - process.uptime() * 1000, flags, features }, { clock: systemClock });
  await new ProcessRun(definition, config, common, redactConfig(table, config), { zpages, features, log, host }).run();
}

class ProcessRun<F extends FlagTable> {
  readonly #stopping = new AbortController();
  readonly #health = new HealthChecks();
  readonly #registry = createRegistry();
  #ready = false;
  #exitCode = 0;
  private readonly log: Logger;
  private readonly host: ProcessHost;

  constructor(
    private readonly definition: ProcessDefinition<F>,
    private readonly config: Config<F>,
    private readonly common: Config<typeof commonFlags>,
    private readonly shownConfig: Record<string, unknown>,
    private readonly deps: { readonly zpages: ZPages; readonly features: FeatureGates; readonly log: Logger; readonly host: ProcessHost },
  ) {
    this.log = deps.log;
    this.host = deps.host;
  }

  async run(): Promise<void> {
    const { definition, config, log, host } = this;
    // Every component's start waits for it.
    setMaxListeners(0, this.#stopping.signal);
    log.info({ version: GIT_VERSION, pid: process.pid, config: this.shownConfig }, 'starting');
    this.#health.add('shutdown', () => {
      if (this.#stopping.signal.aborted) throw new Error('process is shutting down');
    }, ['readyz']);
    this.#health.addReady('startup', () => {
      if (!this.#ready) throw new Error('not all components have started');
    });
    host.onSignal((signal) => this.#onSignal(signal));
    host.onUncaught((error) => {
      log.fatal({ err: error }, 'uncaught error');
      this.#fail(error);
    });

    const group = new ComponentGroup(log);
    try {
      await this.#startAll(group, definition, config);
      await untilAborted(this.#stopping.signal);
      if (this.#exitCode === 0) await systemClock.sleep(definition.shutdownDelayMs?.(config) ?? 0);
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        log.fatal({ err: error }, 'start failed');
        this.#exitCode = 1;
        this.#stopping.abort(error);
      }
    }
    const timeoutMs = typeof definition.shutdownTimeoutMs === 'function' ? definition.shutdownTimeoutMs(config) : definition.shutdownTimeoutMs ?? 30_000;
    const deadline = setTimeout(() => {
      log.error('shutdown took too long');
      host.exit(1);
    }, timeoutMs);
    await group.stopAll();
    clearTimeout(deadline);
    log.info('stopped');
    log.flush();
    host.exit(this.#exitCode);
  }

  async #startAll(group: ComponentGroup, definition: ProcessDefinition<F>, config: Config<F>): Promise<void> {
    const { log } = this;
    const signal = this.#stopping.signal;
    const { zpages, features } = this.deps;
    features.register(this.#registry);
    const pages = { checks: this.#health, registry: this.#registry, log, zpages, configz: () => ({ [definition.name]: this.shownConfig }) };
    const servers = [definition.health?.(config) ?? []].flat().map((place) => new HealthServer(place, pages));
    for (const server of servers) await group.start(server);
    await group.start(new EventLoopMonitor({ registry: this.#registry, log }));
    if (this.common.tapSocket !== undefined) await group.start(new TapServer(this.common.tapSocket, systemClock));
    if (this.common.exitWhenNetworkLost) await group.start(new NetworkWatch({ clock: systemClock, fail: (error) => this.#fail(error) }));
    const components = await definition.main({
      name: definition.name,
      config,
      log,
      registry: this.#registry,
      health: this.#health,
      clock: systemClock,
      signal,
      handle: (path, handler) => {
        for (const server of servers) server.handle(path, handler);
      },
      zpages,
      features,
      fail: (error) => this.#fail(error),
    });
    for (const component of components) {
      signal.throwIfAborted();
      // A start that waits for a neighbour must not keep the process from stopping.
      await Promise.race([group.start(component), untilAborted(signal).then(() => signal.throwIfAborted())]);
    }
    this.#ready = true;
    log.info('ready');
  }

  #fail(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    this.log.fatal({ err: error }, 'process cannot go on');
    this.#exitCode = 1;
    this.#stopping.abort(error);
  }

  #onSignal(signal: string): void {
    if (this.#stopping.signal.aborted) {
      this.log.warn({ signal }, 'second signal: exiting at once');
      this.log.flush();
      this.host.exit(1);
      return;
    }
    this.log.info({ signal }, 'shutting down');
    this.#stopping.abort(new Error(`received ${signal}`));
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
