import { gzipSync, gunzipSync } from 'node:zlib';
import type { ApiClient } from '../harness/api-client';
import { type HookEvent, hooksOf, isDeleted, isHook } from './helm-hooks';

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string>; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface Release {
  readonly name: string;
  readonly version: number;
  readonly info: { readonly status: string };
  readonly manifest: readonly KubeObject[];
  /** Objects that are made at events of the release, and are no part of it. */
  readonly hooks: readonly KubeObject[];
}

interface Secret extends KubeObject {
  readonly data: { readonly release: string };
}

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const packed = (release: Release): string => Buffer.from(gzipSync(JSON.stringify(release)).toString('base64')).toString('base64');
const unpacked = (text: string): Release => JSON.parse(gunzipSync(Buffer.from(Buffer.from(text, 'base64').toString(), 'base64')).toString()) as Release;

/** The requests that Helm 3 makes, in its order: releases in Secrets, objects created and then patched by what changed between three. */
export class HelmReplay {
  /** Resources by kind, as they have been discovered. */
  readonly #resources = new Map<string, string>();

  constructor(
    private readonly api: ApiClient,
    private readonly namespace: string,
  ) {}

  /** `crds`: the chart's folder of that name, whose definitions come first, are made once, and stay. Objects with a hook's annotation are made at its events. */
  async install(name: string, chart: readonly KubeObject[], crds: readonly KubeObject[] = []): Promise<void> {
    // A name in use is refused before anything is made.
    if ((await this.history(name)).length > 0) throw new Error(`cannot re-use a name that is still in use: ${name}`);
    await this.define(crds);
    await this.discover(chart);
    const [hooks, manifest] = [chart.filter(isHook), chart.filter((object) => !isHook(object))];
    for (const object of manifest) await this.expect(404, 'GET', this.pathOf(object));
    const release: Release = { name, version: 1, info: { status: 'pending-install' }, manifest, hooks };
    await this.store('POST', release);
    await this.run(release, 'pre-install');
    for (const object of manifest) await this.expect(201, 'POST', `${this.collectionOf(object)}?fieldManager=helm&fieldValidation=Warn`, object);
    await this.run(release, 'post-install');
    await this.store('PUT', { ...release, info: { status: 'deployed' } });
  }

  async upgrade(name: string, chart: readonly KubeObject[]): Promise<void> {
    const before = (await this.history(name)).at(-1);
    if (!before) throw new Error(`${name} has no deployed releases`);
    await this.discover(chart);
    const [hooks, manifest] = [chart.filter(isHook), chart.filter((object) => !isHook(object))];
    const release: Release = { name, version: before.version + 1, info: { status: 'pending-upgrade' }, manifest, hooks };
    await this.store('POST', release);
    await this.run(release, 'pre-upgrade');
    for (const object of manifest) {
      const old = before.manifest.find(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name);
      if (old) await this.patch(old, object);
      else await this.expect(201, 'POST', `${this.collectionOf(object)}?fieldManager=helm`, object);
    }
    for (const object of before.manifest) if (!manifest.some(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name)) await this.remove(object);
    await this.store('PUT', { ...before, info: { status: 'superseded' } });
    await this.store('PUT', { ...release, info: { status: 'deployed' } });
  }

  async rollback(name: string, version: number): Promise<void> {
    const target = (await this.history(name)).find((release) => release.version === version);
    if (!target) throw new Error(`${name} has no revision ${version}`);
    await this.upgrade(name, [...target.manifest, ...target.hooks]);
  }

  async uninstall(name: string): Promise<void> {
    const releases = await this.history(name);
    const last = releases.at(-1);
    if (last) await this.run(last, 'pre-delete');
    // Of an install that did not come to its end some may be missing.
    for (const object of [...(last?.manifest ?? [])].reverse()) await (last?.info.status === 'deployed' ? this.remove(object) : this.removeIfThere(object));
    for (const { version } of releases) await this.expect(200, 'DELETE', `${this.secrets}/${secretName(name, version)}`);
  }

  /** `helm history`: the oldest first. */
  async history(name: string): Promise<Release[]> {
    return this.releases(`owner=helm,name=${name}`);
  }

  /** `helm list`: by the labels of the Secrets alone. */
  deployed(): Promise<Release[]> {
    return this.releases('owner=helm,status=deployed');
  }

  /** `--wait`. */
  async ready(object: KubeObject): Promise<boolean> {
    const {
      status = {},
      spec = {},
      metadata,
    } = JSON.parse(await this.expect(200, 'GET', this.pathOf(object))) as {
      status?: Record<string, number>;
      spec?: Record<string, number>;
      metadata: { generation: number };
    };
    return status['observedGeneration'] === metadata.generation && status['updatedReplicas'] === spec['replicas'] && status['readyReplicas'] === spec['replicas'];
  }

  private get secrets(): string {
    return `/api/v1/namespaces/${this.namespace}/secrets`;
  }

  private collectionOf({ apiVersion, kind }: KubeObject): string {
    return `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}/namespaces/${this.namespace}/${this.#resources.get(kind) ?? ''}`;
  }

  private pathOf(object: KubeObject): string {
    return `${this.collectionOf(object)}/${object.metadata.name}`;
  }

  /** What is there already is left as it is, whatever the chart's says. */
  private async define(crds: readonly KubeObject[]): Promise<void> {
    for (const crd of crds) {
      const { code, text } = await this.api.call('POST', `${DEFINITIONS}?fieldManager=helm`, crd);
      if (code !== 201 && code !== 409) throw new Error(`POST ${DEFINITIONS}: ${code}: ${text}`);
    }
    for (const { metadata } of crds) await this.follow(DEFINITIONS, metadata.name, 'Established');
  }

  /** The resources of objects, group by group. */
  private async discover(objects: readonly KubeObject[]): Promise<void> {
    for (const apiVersion of new Set(objects.map((object) => object.apiVersion))) {
      const { resources } = JSON.parse(await this.expect(200, 'GET', `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`)) as { resources: { name: string; kind: string }[] };
      for (const { name, kind } of resources) if (!name.includes('/')) this.#resources.set(kind, name);
    }
  }

  /** Makes the hooks of an event one after the other; each Job must have ended well before the next. */
  private async run({ hooks }: Release, event: HookEvent): Promise<void> {
    const due = hooksOf(hooks, event);
    for (const hook of due) {
      if (isDeleted(hook, 'before-hook-creation')) await this.removeIfThere(hook);
      await this.expect(201, 'POST', `${this.collectionOf(hook)}?fieldManager=helm`, hook);
      if (hook.kind !== 'Job' || (await this.follow(this.collectionOf(hook), hook.metadata.name, 'Complete', 'Failed')) === 'Complete') continue;
      if (isDeleted(hook, 'hook-failed')) await this.remove(hook);
      throw new Error(`${event} hooks failed: job ${hook.metadata.name} failed`);
    }
    for (const hook of due) if (isDeleted(hook, 'hook-succeeded')) await this.remove(hook);
  }

  /** Waits for the object to be gone, which takes as long as what it owns. */
  private async removeIfThere(object: KubeObject): Promise<void> {
    const { code, text } = await this.api.call('DELETE', this.pathOf(object), { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' });
    if (code !== 200 && code !== 404) throw new Error(`DELETE ${this.pathOf(object)}: ${code}: ${text}`);
    if (code === 200) await this.follow(this.collectionOf(object), object.metadata.name);
  }

  /** Lists and watches one object until a condition is true, and answers which; without any, until the object is gone. */
  private async follow(collection: string, name: string, ...conditions: string[]): Promise<string | undefined> {
    const holds = (object: KubeObject): string | undefined => {
      const { conditions: all = [] } = (object['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
      return all.find(({ type, status }) => conditions.includes(type) && status === 'True')?.type;
    };
    const selector = `fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
    const { items, metadata } = JSON.parse(await this.expect(200, 'GET', `${collection}?${selector}`)) as { items: KubeObject[]; metadata: { resourceVersion: string } };
    const [now] = items;
    if (now === undefined && conditions.length === 0) return undefined;
    const known = now && holds(now);
    if (known !== undefined) return known;
    const watch = await this.api.open('GET', `${collection}?${selector}&watch=true&timeoutSeconds=60&resourceVersion=${metadata.resourceVersion}`);
    let rest = '';
    for await (const chunk of watch) {
      const lines = (rest + (chunk as Buffer).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
        if (type === 'DELETED' && conditions.length === 0) return undefined;
        const held = holds(object);
        if (held !== undefined) return held;
      }
    }
    throw new Error(`${name}: ${conditions.length === 0 ? 'still there' : `not ${conditions.join(' or ')}`} within a minute`);
  }

  private async releases(labelSelector: string): Promise<Release[]> {
    const { items } = JSON.parse(await this.expect(200, 'GET', `${this.secrets}?labelSelector=${encodeURIComponent(labelSelector)}`)) as { items: Secret[] };
    return items.map(({ data }) => unpacked(data.release)).sort((a, b) => a.version - b.version);
  }

  private async store(method: 'POST' | 'PUT', release: Release): Promise<void> {
    const { name, version, info } = release;
    const secret = {
      apiVersion: 'v1', kind: 'Secret', type: 'helm.sh/release.v1',
      metadata: { name: secretName(name, version), labels: { name, owner: 'helm', status: info.status, version: String(version) } },
      data: { release: packed(release) },
    };
    if (method === 'POST') await this.expect(201, 'POST', this.secrets, secret);
    else await this.expect(200, 'PUT', `${this.secrets}/${secret.metadata.name}`, secret);
  }

  /** What changed between the two manifests, on top of what is there: fields of others stay. */
  private async patch(old: KubeObject, object: KubeObject): Promise<void> {
    await this.expect(200, 'GET', this.pathOf(object));
    const patch = changes(old, object) as Record<string, unknown>;
    // Only the types that Helm knows tell how their lists are merged.
    const type = isBuiltIn(object) ? 'strategic-merge' : 'merge';
    if (Object.keys(patch).length > 0) await this.expect(200, 'PATCH', `${this.pathOf(object)}?fieldManager=helm`, patch, `application/${type}-patch+json`);
  }

  private async remove(object: KubeObject): Promise<void> {
    await this.expect(200, 'DELETE', this.pathOf(object), { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' });
  }

  private async expect(code: number, method: string, path: string, body?: unknown, contentType?: string): Promise<string> {
    const answer = await this.api.call(method, path, body, { ...(contentType === undefined ? {} : { contentType }) });
    if (answer.code !== code) throw new Error(`${method} ${path}: ${answer.code} instead of ${code}: ${answer.text}`);
    return answer.text;
  }
}

/** Groups of Kubernetes itself have no dots, or end in its name. */
const isBuiltIn = ({ apiVersion }: KubeObject): boolean => !apiVersion.includes('.') || /\.k8s\.io\//.test(apiVersion);

const secretName = (name: string, version: number): string => `sh.helm.release.v1.${name}.v${version}`;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A merge patch from one to the other; lists of named things are patched by name, as a strategic merge would. */
function changes(old: unknown, next: unknown): unknown {
  if (!isObject(old) || !isObject(next)) return next;
  const patch: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const [before, after] = [old[name], next[name]];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    if (after === undefined) patch[name] = null;
    else if (Array.isArray(before) && Array.isArray(after) && after.every((item) => isObject(item) && typeof item['name'] === 'string')) patch[name] = after;
    else patch[name] = changes(before, after);
  }
  return patch;
}
