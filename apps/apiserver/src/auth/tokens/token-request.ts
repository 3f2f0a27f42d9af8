import { core, type KubeObject, type authenticationv1 } from '@navarch/api';
import { badRequest, conflict, fieldErrors, invalid, notFound } from '@navarch/apimachinery';
import type { ObjectWriter, VirtualCreate } from '../../pipeline';
import type { BoundObject, ServiceAccountTokens } from './service-account-tokens';

const shortestSeconds = 600;
const longestSeconds = 2 ** 32;
const defaultSeconds = 3_600;

/** `serviceaccounts/<name>/token`: issues a token, bound to a Pod, Secret or Node if asked. */
export class TokenRequests {
  constructor(private readonly tokens: ServiceAccountTokens, private readonly objects: ObjectWriter) {}

  readonly issue = async ({ namespace, name, object }: VirtualCreate): Promise<KubeObject> => {
    const request = object as authenticationv1.TokenRequest;
    const spec: Partial<authenticationv1.TokenRequestSpec> = request.spec ?? {};
    const account = await this.objects.get(core.serviceaccounts, namespace, name);
    if (account === undefined) throw notFound(core.serviceaccounts, name);
    const seconds = spec.expirationSeconds ?? defaultSeconds;
    if (seconds < shortestSeconds || seconds > longestSeconds) {
      const detail = seconds < shortestSeconds ? 'may not specify a duration less than 10 minutes' : 'may not specify a duration larger than 2^32 seconds';
      throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, request.metadata.name ?? '', [fieldErrors.invalid('spec.expirationSeconds', seconds, detail)]);
    }
    const bound = spec.boundObjectRef === undefined ? {} : await this.#bound(namespace, name, spec.boundObjectRef);
    const audiences = spec.audiences !== undefined && spec.audiences.length > 0 ? spec.audiences : this.tokens.audiences;
    const issued = await this.tokens.issue(
      { namespace, serviceAccount: { name, uid: account.metadata.uid ?? '' }, ...bound },
      audiences,
      seconds,
      Math.floor(Date.now() / 1000),
    );
    return {
      ...request,
      metadata: { ...request.metadata, name, namespace, creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z') },
      spec: { ...spec, audiences: [...audiences], expirationSeconds: seconds },
      status: { token: issued.token, expirationTimestamp: issued.expiration.toISOString().replace(/\.\d+Z$/, 'Z') },
    } as KubeObject;
  };

  async #bound(namespace: string, account: string, ref: authenticationv1.BoundObjectReference): Promise<{ pod?: BoundObject; node?: BoundObject; secret?: BoundObject }> {
    const name = ref.name ?? '';
    const check = (uid: string | undefined): BoundObject => {
      const found = uid ?? '';
      if (ref.uid !== undefined && ref.uid !== '' && ref.uid !== found)
        throw conflict({ group: '', resource: (ref.kind ?? '').toLowerCase() }, name, `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`);
      return { name, uid: found };
    };
    switch (ref.kind) {
      case 'Pod': {
        const pod = await this.objects.get(core.pods, namespace, name);
        if (pod === undefined) throw notFound(core.pods, name);
        if ((pod.spec?.serviceAccountName ?? 'default') !== account) throw badRequest(`cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`);
        const nodeName = pod.spec?.nodeName ?? '';
        const node = nodeName === '' ? undefined : await this.objects.get(core.nodes, '', nodeName);
        return { pod: check(pod.metadata.uid), ...(nodeName === '' ? {} : { node: { name: nodeName, uid: node?.metadata.uid ?? '' } }) };
      }
      case 'Secret': {
        const secret = await this.objects.get(core.secrets, namespace, name);
        if (secret === undefined) throw notFound(core.secrets, name);
        return { secret: check(secret.metadata.uid) };
      }
      case 'Node': {
        const node = await this.objects.get(core.nodes, '', name);
        if (node === undefined) throw notFound(core.nodes, name);
        return { node: check(node.metadata.uid) };
      }
      case undefined:
      default:
        throw badRequest(`cannot bind token to object of type ${ref.apiVersion ?? ''}, Kind=${ref.kind ?? ''}`);
    }
  }
}
