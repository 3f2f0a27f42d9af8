import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type authenticationv1, type authorizationv1 } from '@navarch/api';
import { systemClock, type Clock } from '@navarch/clock';
import { HealthChecks, silentLogger, ZPages } from '@navarch/component-base';
import { CertificateAuthority, type CertifiedKey } from '@navarch/pki';
import { Registry } from 'prom-client';
import { type Kubelet } from '../kubelet';
import { StatsReader } from '../node-service/stats-summary';
import { VolumeMeasures } from '../node-service/volume-stats';
import { type ContainerRuntime } from '../runtime';
import { Authentication } from '../server/authentication';
import { Authorization } from '../server/authorization';
import { type CgroupUsage } from '../cgroups/cgroup-usage';
import { KubeletServer } from '../server/kubelet-server';
import { HttpMetrics } from '../server/http-metrics';
import { machineRow } from '../server/cadvisor-metrics';
import { MetricsPages } from '../server/metrics-pages';
import { KubeletRoutes } from '../server/routes';

export interface Answer {
  readonly code: number;
  readonly body: string;
}

/** The kubelet's HTTPS on a free port, with an apiserver that says what a test wants. */
export class ServerBench {
  readonly asked: authorizationv1.SubjectAccessReviewSpec[] = [];
  readonly tokens = new Map<string, authenticationv1.UserInfo>();
  tokenReviews = 0;
  /** What control groups tell of containers, where there are none. */
  group: CgroupUsage = {};
  /** Whether the server answers what looks into containers; read at each request. */
  debugging = true;
  /** Whether it shows the node's logs. */
  showsLogs = true;
  may: (spec: authorizationv1.SubjectAccessReviewSpec) => boolean = () => true;
  readonly server: KubeletServer;
  readonly registry = new Registry();
  readonly health = new HealthChecks();

  private constructor(readonly ca: CertificateAuthority, readonly client: CertifiedKey, folder: string, kubelet: Kubelet, runtime: ContainerRuntime, clock: Clock) {
    const { table } = kubelet;
    const volumes = new VolumeMeasures({ clock, log: silentLogger, volumes: (uid) => kubelet.volumesOf(uid) });
    const stats = new StatsReader('node-1', { runtime, table, clock, rootDir: folder, volumes });
    this.server = new KubeletServer({ host: '127.0.0.1', port: 0, tls: { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key'), caFile: join(folder, 'ca.crt') } }, {
      log: silentLogger, metrics: new HttpMetrics(this.registry),
      authentication: new Authentication({ anonymous: false, tokens: true, tokenCacheMs: 120_000 }, {
        clock,
        reviewToken: (review) => {
          this.tokenReviews++;
          const user = this.tokens.get(review.spec.token);
          return Promise.resolve({ ...review, status: user ? { authenticated: true, user } : { authenticated: false } });
        },
      }),
      authorization: new Authorization({ allowedMs: 300_000, deniedMs: 30_000 }, {
        nodeName: 'node-1', clock,
        review: (review) => {
          this.asked.push(review.spec);
          return Promise.resolve({ ...review, status: { allowed: this.may(review.spec) } });
        },
      }),
      routes: new KubeletRoutes({
        table, runtime, stats, clock, streamIdleMs: 0, checkpoints: join(folder, 'checkpoints'), nodeLogs: join(folder, 'logs'), serves: () => ({ debugging: this.debugging, logs: this.showsLogs }), journalctl: join(folder, 'journalctl'), check: () => kubelet.checkRuntime(), configuration: () => ({ maxPods: 110 }),
        zpages: new ZPages({ component: 'kubelet', startedMs: clock.now(), flags: { address: '0.0.0.0' } }, { clock }),
        metrics: new MetricsPages({ registry: this.registry, probes: kubelet.probeMetrics, slis: this.health.slis, stats, volumes, runtime, table, machine: () => machineRow(kubelet.machine), containerGroup: async (pod, id) => ({ ...this.group, ...await kubelet.containerGroup(pod, id) }), clock }),
      }),
    });
  }

  static async open(root: string, kubelet: Kubelet, runtime: ContainerRuntime, clock: Clock): Promise<ServerBench> {
    const folder = join(root, 'server');
    await mkdir(folder, { recursive: true });
    const ca = await CertificateAuthority.create('ca', systemClock);
    const server = await ca.issue({ commonName: 'system:node:node-1', hosts: ['127.0.0.1'], usages: ['server auth'] });
    await Promise.all([writeFile(join(folder, 'tls.crt'), server.cert), writeFile(join(folder, 'tls.key'), server.key), writeFile(join(folder, 'ca.crt'), ca.cert)]);
    const client = await ca.issue({ commonName: 'kube-apiserver-kubelet-client', organizations: ['team'], usages: ['client auth'] });
    const bench = new ServerBench(ca, client, folder, kubelet, runtime, clock);
    await bench.server.start();
    return bench;
  }

  /** Keys and trust of a client that shows its certificate. */
  get tls(): { ca: string; cert: string; key: string } {
    return { ca: this.ca.cert, cert: this.client.cert, key: this.client.key };
  }

  url(path: string): URL {
    return new URL(`https://127.0.0.1:${this.server.port}${path}`);
  }

  get(path: string, { certificate = true, token, method = 'GET' }: { certificate?: boolean; token?: string; method?: string } = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.url(path), {
        method, agent: false, ca: this.ca.cert, ...(certificate ? { cert: this.client.cert, key: this.client.key } : {}), headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
        response.on('error', reject);
      });
      outgoing.on('error', reject).end();
    });
  }
}
