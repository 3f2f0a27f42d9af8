import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { HealthChecks, type ZPage, type ZPages, zPageHeaders } from '@navarch/component-base';
import {
  bridgeRemoteCommand, dialPort, forwardPorts, negotiatePortForward, negotiateRemoteCommand, remoteCommandStreams, SpdyRemoteCommand, UpgradeRefused,
  type RemoteCommandStreams,
} from '@navarch/streaming';
import { readLogs } from '../logs/read-logs';
import { findAttached, findLoggedContainer, findRunningContainer, findSandbox } from '../node-service/find-container';
import { type StatsReader } from '../node-service/stats-summary';
import { isTerminalPhase } from '../pods/pod-spec';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';
import { checkpointContainer, runInContainer } from './container-actions';
import { HttpError } from './http-error';
import { logQuery } from './log-query';
import { type MetricsPages } from './metrics-pages';
import { nodeLogQuery } from './node-log-query';
import { serveNodeLogs } from './node-logs';
import { serveLogQuery } from './serve-log-query';

export interface KubeletRoutesDeps {
  readonly table: PodTable;
  readonly runtime: ContainerRuntime;
  readonly stats: StatsReader;
  readonly metrics: MetricsPages;
  readonly clock: Clock;
  /** Commands, attachments and forwarded connections end when nothing has passed for so long; 0 for never. */
  readonly streamIdleMs: number;
  /** Where checkpoints are kept. */
  readonly checkpoints: string;
  /** What /logs shows: upstream's /var/log. */
  readonly nodeLogs: string;
  /** Upstream's enableDebuggingHandlers and enableSystemLogHandler. */
  readonly serves: () => { readonly debugging: boolean; readonly logs: boolean };
  /** The program that answers what /logs is asked by queries; undefined: queries are not answered. */
  readonly journalctl?: string;
  /** Throws when the runtime was not seen for too long: upstream's check of its sync loop. */
  readonly check: () => void;
  /** What /configz shows. */
  readonly configuration: () => Record<string, unknown>;
  readonly zpages: ZPages;
}

/** What looks into containers and into the node; upstream says so of them where it is off. */
const debugPaths: ReadonlySet<string> = new Set(['run', 'exec', 'attach', 'portForward', 'containerLogs', 'runningpods', 'logs']);

/** The paths of the kubelet's HTTPS. */
export class KubeletRoutes {
  readonly #health = new HealthChecks();
  readonly #pages: Readonly<Partial<Record<string, (query: URLSearchParams) => Promise<Page>>>>;

  constructor(private readonly deps: KubeletRoutesDeps) {
    const { metrics, stats, configuration } = deps;
    this.#health.add('syncloop', deps.check, ['healthz']);
    const metricsPage = async (text: Promise<string>): Promise<Page> => ({ type: metrics.contentType, body: await text });
    this.#pages = {
      '/pods': () => Promise.resolve(json(this.#pods())),
      '/runningpods': () => Promise.resolve(json(this.#runningPods())),
      '/stats/summary': async (query) => json(await stats.read(['1', 'true'].includes(query.get('only_cpu_and_memory') ?? ''))),
      '/configz': () => Promise.resolve(json({ kubeletconfig: configuration() })),
      '/metrics': () => metricsPage(metrics.own()), '/metrics/cadvisor': () => metricsPage(metrics.containers()),
      '/metrics/resource': () => metricsPage(metrics.resources()), '/metrics/probes': () => metricsPage(metrics.probes()),
      '/metrics/slis': () => metricsPage(metrics.slis()),
    };
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL, signal: AbortSignal): Promise<void> {
    const [, first = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    this.#checkServed(first);
    if (['exec', 'attach', 'portForward'].includes(first)) throw new HttpError(400, 'Upgrade request required');
    if (first === 'run' || first === 'checkpoint') return this.#act(first, request.method ?? '', rest, url, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, 'method not allowed');
    if (first === 'healthz') return this.#healthz(rest, url, response);
    if (first === 'containerLogs') return this.#logs(rest, url, response, signal);
    if (first === 'logs') return this.#nodeLogs(rest, url, response, signal);
    if (first === 'flagz' || first === 'statusz') {
      sendZPage(this.#zpage(first, request.headers.accept), response);
      return;
    }
    const page = this.#pages[url.pathname.replace(/\/$/, '')];
    if (!page) throw new HttpError(404, '404 page not found\n');
    const { type, body } = await page(url.searchParams);
    response.writeHead(200, { 'Content-Type': type }).end(body);
  }

  /** Throws for what this kubelet is not to serve. */
  #checkServed(first: string): void {
    const { debugging, logs } = this.deps.serves();
    if (!debugging && debugPaths.has(first)) throw new HttpError(405, 'Debug endpoints are disabled.\n');
    // Upstream says of these nothing more.
    if (!debugging && (first === 'configz' || first === 'checkpoint')) throw new HttpError(404, '404 page not found\n');
    if (!logs && first === 'logs') throw new HttpError(405, 'logs endpoint is disabled.\n');
  }

  /** Where to look further, upstream's kubelet lists these of its paths. */
  #zpage(page: 'flagz' | 'statusz', accept: string | undefined): ZPage {
    const { zpages } = this.deps;
    if (!zpages.serves(page)) throw new HttpError(404, '404 page not found\n');
    return page === 'flagz' ? zpages.flagz(accept) : zpages.statusz(accept, ['/configz', '/flagz', '/healthz', '/metrics']);
  }

  /** Which of the checks fails is told, why is not. */
  async #healthz([name = '']: readonly string[], { searchParams }: URL, response: ServerResponse): Promise<void> {
    const report =
      name === ''
        ? await this.#health.report('healthz', { verbose: searchParams.has('verbose'), exclude: searchParams.getAll('exclude') })
        : await this.#health.reportOne('healthz', name);
    if (!report) throw new HttpError(404, '404 page not found\n');
    response.writeHead(report.healthy ? 200 : 500, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }).end(report.body);
  }

  async #act(kind: 'run' | 'checkpoint', method: string, path: readonly string[], url: URL, response: ServerResponse): Promise<void> {
    if (method !== 'POST') throw new HttpError(405, '405: Method Not Allowed');
    if (path.length < 3) throw new HttpError(404, '404: Page Not Found');
    const [type, body] = kind === 'run'
      ? ['text/plain; charset=utf-8', await runInContainer(path, url.searchParams, this.deps)]
      : ['application/json', JSON.stringify({ items: [await checkpointContainer(path, url.searchParams, this.deps)] })];
    response.writeHead(200, { 'Content-Type': type }).end(body);
  }

  /** exec, attach and port-forward, over WebSocket or SPDY. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL, signal: AbortSignal): Promise<void> {
    const [, kind, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    this.#checkServed(kind ?? '');
    if (kind === 'portForward') return this.#portForward(request, socket, head, rest, url, signal);
    if (kind !== 'exec' && kind !== 'attach') throw new UpgradeRefused(404, '404 page not found\n');
    const [namespace = '', pod = '', ...more] = rest;
    const container = more.at(-1) ?? '';
    const key = { namespace, pod, podUid: more.length > 1 ? more[0] ?? '' : '', container };
    const asked = streamsOf(url.searchParams);
    const { id, streams } = kind === 'attach' ? findAttached(this.deps.table, key, asked) : { id: findRunningContainer(this.deps.table, key).id, streams: asked };
    const command = url.searchParams.getAll('command');
    if (kind === 'exec' && command.length === 0) throw new UpgradeRefused(400, 'you must specify at least one command for the container');
    const pending = negotiateRemoteCommand(request, socket, head, asked);
    const target = kind === 'exec' ? await this.deps.runtime.exec({ containerId: id, cmd: command, ...streams }) : await this.deps.runtime.attach({ containerId: id, ...streams });
    // The command first: if it cannot be run, the answer is an error and no upgrade.
    const running = await SpdyRemoteCommand.dial(new URL(target), streams, { signal, idleMs: this.deps.streamIdleMs });
    try {
      await bridgeRemoteCommand(await pending.accept(), running);
    } catch (error) {
      running.abort();
      throw error;
    }
  }

  async #portForward(request: IncomingMessage, socket: Duplex, head: Buffer, [namespace = '', pod = '', uid = '']: readonly string[], url: URL, signal: AbortSignal): Promise<void> {
    const { id } = findSandbox(this.deps.table, namespace, pod, uid);
    const session = await negotiatePortForward(request, socket, head, url.searchParams, 'port').accept();
    const stop = (): void => session.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await forwardPorts(
        session,
        async (port, over) =>
          dialPort(new URL(await this.deps.runtime.portForward({ podSandboxId: id, port: [port] })), port, { signal: over, idleMs: this.deps.streamIdleMs }),
        (port, { message }) => (message.startsWith('error forwarding port') ? message : `error forwarding port ${port} to pod ${pod}, uid ${uid}: ${message}`),
        this.deps.streamIdleMs,
      );
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #logs([namespace = '', pod = '', container = '']: readonly string[], url: URL, response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (namespace === '' || pod === '' || container === '') throw new HttpError(400, '{"message": "Missing container name."}');
    const { options, previous } = logQuery(url.searchParams, this.deps.clock);
    const { worker, container: view } = findLoggedContainer(this.deps.table, { namespace, pod, podUid: '', container }, previous);
    const ended = (): boolean => worker.view.containers.find(({ id }) => id === view.id)?.state !== 'running' || worker.stopped || isTerminalPhase(worker.status.phase);
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' });
    response.flushHeaders();
    for await (const data of readLogs(view.logPath, options, ended, signal)) {
      if (!response.write(data)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  }

  async #nodeLogs(path: readonly string[], url: URL, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { nodeLogs, journalctl } = this.deps;
    const query = journalctl === undefined ? undefined : nodeLogQuery(url.searchParams);
    if (!query || journalctl === undefined) return serveNodeLogs(nodeLogs, path.join('/'), response);
    if (path.join('') !== '') throw new HttpError(406, 'path not allowed in query mode\n');
    if (query.services.length > 0) return serveLogQuery({ logs: nodeLogs, journalctl }, query, response, signal);
    return serveNodeLogs(nodeLogs, (query.files[0] ?? '').replaceAll('\\', '/'), response);
  }

  #pods(): corev1.PodList {
    // In a list, what they are is said once.
    const items = this.deps.table.workers.map(({ pod: { metadata, spec }, status }): corev1.Pod => ({ metadata, ...(spec ? { spec } : {}), status }));
    return { apiVersion: 'v1', kind: 'PodList', metadata: {}, items };
  }

  /** What the runtime runs, whatever the API says. */
  #runningPods(): corev1.PodList {
    const items = this.deps.table.workers.flatMap(({ pod: { metadata }, view }): corev1.Pod[] => {
      const running = view.containers.filter(({ state }) => state === 'running');
      if (running.length === 0) return [];
      return [{
        metadata: { name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' },
        spec: { containers: running.map(({ name, imageRef }) => ({ name, image: imageRef, resources: {} })) }, status: {},
      }];
    });
    return { apiVersion: 'v1', kind: 'PodList', metadata: {}, items };
  }
}

function sendZPage(page: ZPage, response: ServerResponse): void {
  response.writeHead(page.status, zPageHeaders(page)).end(page.body);
}

/** A kubelet's own names for the streams, and the API's, which newer clients use. */
function streamsOf(query: URLSearchParams): RemoteCommandStreams {
  const translated = new URLSearchParams(query);
  for (const [own, name] of [['input', 'stdin'], ['output', 'stdout'], ['error', 'stderr']] as const) {
    const value = query.get(own);
    if (value !== null) translated.set(name, value);
  }
  return remoteCommandStreams(translated);
}

interface Page {
  readonly type: string;
  readonly body: string;
}

function json(value: unknown): Page {
  return { type: 'application/json', body: JSON.stringify(value) };
}
