import { core, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { type ReferencedData } from '../containers/environment';
import { SharedReads } from '../shared-reads';
import { namespaceOf } from './pod-spec';

/** Reads what pods refer to, from the API: each time anew, so that a pod sees what was there before it; pods that begin together read together. */
export class ApiReferences implements ReferencedData {
  readonly #configMaps = new SharedReads<corev1.ConfigMap>();
  readonly #secrets = new SharedReads<corev1.Secret>();

  constructor(private readonly client: ApiClient) {}

  configMap(namespace: string, name: string): Promise<corev1.ConfigMap> {
    return this.#configMaps.read(`${namespace}/${name}`, () => this.client.get(core.configmaps, { namespace, name }));
  }

  secret(namespace: string, name: string): Promise<corev1.Secret> {
    return this.#secrets.read(`${namespace}/${name}`, () => this.client.get(core.secrets, { namespace, name }));
  }

  serviceAccount(namespace: string, name: string): Promise<corev1.ServiceAccount> {
    return this.client.get(core.serviceaccounts, { namespace, name });
  }

  isMissing(error: unknown): boolean {
    return isNotFound(error);
  }

  /** The secrets a pod pulls images with; one that is missing is passed over, as images may not need it. */
  async pullSecrets(pod: corev1.Pod): Promise<corev1.Secret[]> {
    const names = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []);
    const secrets = await Promise.all(names.map((name) => this.secret(namespaceOf(pod), name).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    })));
    return secrets.filter((secret) => secret !== undefined);
  }
}
