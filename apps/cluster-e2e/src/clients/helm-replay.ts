import { gzipSync, gunzipSync } from 'node:zlib';
import type { ApiClient } from '../harness/api-client';

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
}

interface Secret extends KubeObject {
  readonly data: { readonly release: string };
}

const RESOURCES: Readonly<Record<string, string>> = { Deployment: 'deployments', Service: 'services', ConfigMap: 'configmaps', ServiceAccount: 'serviceaccounts' };

const packed = (release: Release): string => Buffer.from(gzipSync(JSON.stringify(release)).toString('base64')).toString('base64');
const unpacked = (text: string): Release => JSON.parse(gunzipSync(Buffer.from(Buffer.from(text, 'base64').toString(), 'base64')).toString()) as Release;

/** The requests that Helm 3 makes, in its order: releases in Secrets, objects created and then patched by what changed between three. */
export class HelmReplay {
  constructor(
    private readonly api: ApiClient,
    private readonly namespace: string,
  ) {}

  async install(name: string, manifest: readonly KubeObject[]): Promise<void> {
    // A name in use is refused before anything is made.
    if ((await this.history(name)).length > 0) throw new Error(`cannot re-use a name that is still in use: ${name}`);
    for (const object of manifest) await this.expect(404, 'GET', this.pathOf(object));
    const release: Release = { name, version: 1, info: { status: 'pending-install' }, manifest };
    await this.store('POST', release);
    for (const object of manifest) await this.expect(201, 'POST', `${this.collectionOf(object)}?fieldManager=helm&fieldValidation=Warn`, object);
    await this.store('PUT', { ...release, info: { status: 'deployed' } });
  }

  async upgrade(name: string, manifest: readonly KubeObject[]): Promise<void> {
    const before = (await this.history(name)).at(-1);
    if (!before) throw new Error(`${name} has no deployed releases`);
    const release: Release = { name, version: before.version + 1, info: { status: 'pending-upgrade' }, manifest };
    await this.store('POST', release);
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
    await this.upgrade(name, target.manifest);
  }

  async uninstall(name: string): Promise<void> {
    const releases = await this.history(name);
    for (const object of [...(releases.at(-1)?.manifest ?? [])].reverse()) await this.remove(object);
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
    const { status = {}, spec = {}, metadata } = JSON.parse(await this.expect(200, 'GET', this.pathOf(object))) as { status?: Record<string, number>; spec?: Record<string, number>; metadata: { generation: number } };
    return status['observedGeneration'] === metadata.generation && status['updatedReplicas'] === spec['replicas'] && status['readyReplicas'] === spec['replicas'];
  }

  private get secrets(): string {
    return `/api/v1/namespaces/${this.namespace}/secrets`;
  }

  private collectionOf({ apiVersion, kind }: KubeObject): string {
    return `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}/namespaces/${this.namespace}/${RESOURCES[kind] ?? ''}`;
  }

  private pathOf(object: KubeObject): string {
    return `${this.collectionOf(object)}/${object.metadata.name}`;
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
    if (Object.keys(patch).length > 0) await this.expect(200, 'PATCH', `${this.pathOf(object)}?fieldManager=helm`, patch, 'application/strategic-merge-patch+json');
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
