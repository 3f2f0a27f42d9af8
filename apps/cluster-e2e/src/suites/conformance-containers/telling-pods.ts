import type { Body, ConformingApi, Doc } from '../../conformance/conforming-api';

export const image = 'navarch.local/web:1';

/** A container that runs a line of shell and ends. */
export const shell = (script: string, more: Body = {}): Body => ({ name: 'main', image, command: ['sh', '-c', script], ...more });

/** Pods of a namespace of their own that say in their logs what they see. */
export class TellingPods {
  private constructor(private readonly api: ConformingApi, readonly namespace: string) {}

  static async of(api: ConformingApi): Promise<TellingPods> {
    return new TellingPods(api, await api.namespace());
  }

  get path(): string {
    return `/api/v1/namespaces/${this.namespace}`;
  }

  /** A ConfigMap, Secret or Service in the namespace. */
  make(kind: 'ConfigMap' | 'Secret' | 'Service', name: string, fields: Body): Promise<Doc> {
    return this.api.post(`${this.path}/${kind.toLowerCase()}s`, { apiVersion: 'v1', kind, metadata: { name }, ...fields });
  }

  start(name: string, spec: Body, metadata: Body = {}): Promise<Doc> {
    return this.api.post(`${this.path}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, ...spec } });
  }

  /** Waits until a pod looks like this. */
  shows(name: string, expected: object): Promise<Doc> {
    return this.api.shows(`${this.path}/pods/${name}`, expected);
  }

  get(name: string): Promise<Doc> {
    return this.api.get(`${this.path}/pods/${name}`);
  }

  async said(name: string, container = 'main'): Promise<string> {
    const { code, text } = await this.api.call('GET', `${this.path}/pods/${name}/log?container=${container}`);
    if (code !== 200) throw new Error(`the log of ${name} was answered with ${code}: ${text}`);
    return text;
  }

  /** Waits until a pod's log matches. */
  says(name: string, expected: RegExp, container = 'main'): Promise<void> {
    return this.api.until(async () => expect(await this.said(name, container)).toMatch(expected));
  }

  /** Runs one container to its good end; what it said. */
  async tells(name: string, script: string, spec: Body = {}, container: Body = {}, metadata: Body = {}): Promise<string> {
    await this.start(name, { containers: [shell(script, container)], ...spec }, metadata);
    await this.api.until(async () => expect(['Succeeded', 'Failed']).toContain((await this.get(name)).status['phase']));
    const said = await this.said(name);
    if ((await this.get(name)).status['phase'] !== 'Succeeded') throw new Error(`${name} failed: ${said}`);
    return said;
  }
}
