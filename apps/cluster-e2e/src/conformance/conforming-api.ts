import { type ApiAnswer, ApiClient } from '../harness/api-client';
import type { RunningCluster } from '../harness/cluster';

/** An object as far as tests look into it; the rest is for matchers. */
export interface Doc {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

export type Body = object;

export interface WatchedEvent {
  readonly type: string;
  readonly object: Doc;
}

const patchTypes = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' } as const;

/** For the tests of a suite, of one cluster: opened before them and closed after. */
export function useConformingApi(cluster: RunningCluster): () => ConformingApi {
  let client: ApiClient;
  let api: ConformingApi;
  beforeAll(() => {
    client = new ApiClient(cluster.kubeconfig);
    api = new ConformingApi(client, cluster);
  });
  afterAll(() => client.close());
  return () => api;
}

/** Requests as upstream's conformance tests make them; whatever is answered otherwise than expected fails the test. */
export class ConformingApi {
  private namespaces = 0;

  constructor(private readonly client: ApiClient, readonly cluster: RunningCluster) {}

  /** A namespace of the test's own, with its service account. */
  async namespace(): Promise<string> {
    const name = `conformance-${++this.namespaces}`;
    await this.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await this.until(() => this.get(`/api/v1/namespaces/${name}/serviceaccounts/default`));
    return name;
  }

  /** Every namespace that a test made, with all in it; answers when they have gone. */
  async removeNamespaces(): Promise<void> {
    const paths = Array.from({ length: this.namespaces }, (_, index) => `/api/v1/namespaces/conformance-${index + 1}`);
    for (const path of paths) await this.delete(path);
    for (const path of paths) await this.gone(path);
  }

  call(method: string, path: string, body?: Body, contentType?: string): Promise<ApiAnswer> {
    return this.client.call(method, path, body, contentType === undefined ? {} : { contentType });
  }

  async expect(code: number, method: string, path: string, body?: Body, contentType?: string): Promise<Doc> {
    const answer = await this.call(method, path, body, contentType);
    if (answer.code !== code) throw new Error(`${method} ${path} was answered with ${answer.code}, not ${code}: ${answer.text.slice(0, 500)}`);
    return JSON.parse(answer.text) as Doc;
  }

  get(path: string): Promise<Doc> {
    return this.expect(200, 'GET', path);
  }

  async list(path: string): Promise<Doc[]> {
    return ((await this.get(path)) as unknown as { items: Doc[] }).items;
  }

  post(path: string, body: Body): Promise<Doc> {
    return this.expect(201, 'POST', path, body);
  }

  delete(path: string, options?: Body): Promise<Doc> {
    return this.expect(200, 'DELETE', path, options);
  }

  patch(path: string, type: keyof typeof patchTypes, body: Body): Promise<Doc> {
    return this.expect(200, 'PATCH', path, body, patchTypes[type]);
  }

  /** Reads, changes and writes, again as long as somebody else was faster. */
  update(path: string, change: (object: Doc) => Body, writeTo = path): Promise<Doc> {
    return this.until(async () => this.expect(200, 'PUT', writeTo, change(await this.get(path))));
  }

  until<T>(check: () => Promise<T>): Promise<T> {
    return this.cluster.until(check);
  }

  /** Waits until an object looks like this. */
  async shows(path: string, expected: object): Promise<Doc> {
    return this.until(async () => {
      const object = await this.get(path);
      expect(object).toMatchObject(expected);
      return object;
    });
  }

  async gone(path: string): Promise<void> {
    await this.until(() => this.expect(404, 'GET', path));
  }

  async count(path: string, expected: number): Promise<Doc[]> {
    return this.until(async () => {
      const items = await this.list(path);
      expect(items).toHaveLength(expected);
      return items;
    });
  }

  /** Collects a watch's events; `stop` ends it. */
  async watch(path: string): Promise<{ readonly events: WatchedEvent[]; stop(): void }> {
    const events: WatchedEvent[] = [];
    const response = await this.client.open('GET', `${path}${path.includes('?') ? '&' : '?'}watch=true`);
    expect(response.statusCode).toBe(200);
    let rest = '';
    response.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line) as WatchedEvent);
    });
    return { events, stop: () => response.destroy() };
  }

  /** Waits for an event that looks like this. */
  async sees(events: readonly WatchedEvent[], expected: object): Promise<void> {
    await this.until(() => {
      expect(events).toEqual(expect.arrayContaining([expect.objectContaining(expected)]));
      return Promise.resolve();
    });
  }
}

export const image = 'navarch.local/app:1';

/** A pod that ends at once when it is told to. */
export function podOf(name: string, spec: Body = {}, metadata: Body = {}): Body {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }], ...spec } };
}

/** A workload of such pods. */
export function workloadOf(kind: 'DaemonSet' | 'Deployment' | 'ReplicaSet' | 'StatefulSet', name: string, labels: Readonly<Record<string, string>>, spec: Body, podSpec: Body = {}): Body {
  return {
    apiVersion: 'apps/v1', kind, metadata: { name, labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }], ...podSpec } }, ...spec },
  };
}

export const select = (labels: Readonly<Record<string, string>>): string => `?labelSelector=${encodeURIComponent(Object.entries(labels).map(([name, value]) => `${name}=${value}`).join())}`;

/** A condition as e2e tests of upstream set it. */
export const condition = (type: string): Body => ({ type, status: 'True', reason: 'E2E', message: 'Set from e2e test' });
export const conditionsOf = ({ status }: Doc): object[] => (status['conditions'] ?? []) as object[];
