import { core, type KubeObject, type authenticationv1, type metav1 } from '@navarch/api';
import { badRequest, conflict, fieldErrors, FieldPath, formatTime, goQuote, invalid, notFound, parseGroupVersion } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { ObjectWriter, VirtualCreate } from '../../pipeline';
import type { BoundObject, ServiceAccountTokens, TokenSubject } from './service-account-tokens';

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const shortestSeconds = 600;
const longestSeconds = 2 ** 32;
const defaultSeconds = 3_600;
/** What the ServiceAccount plug-in asks for: such a token lasts a year, whatever the longest that may be asked for, for clients that read it once and never again. */
const extendedSeconds = 3_607;
const extensionSeconds = 365 * 24 * 60 * 60;

export interface TokenRequestsDeps {
  readonly tokens: ServiceAccountTokens;
  readonly objects: Pick<ObjectWriter, 'get'>;
  readonly clock: Clock;
}

export interface TokenRequestOptions {
  /** `--service-account-max-token-expiration`, in seconds; 0 for no limit but that of the API. */
  readonly maxSeconds: number;
  /** `--service-account-extend-token-expiration` */
  readonly extend: boolean;
}

/** `serviceaccounts/<name>/token`: issues a token, bound to a Pod, Secret or Node if asked. */
export class TokenRequests {
  constructor(private readonly deps: TokenRequestsDeps, private readonly options: TokenRequestOptions = { maxSeconds: 0, extend: true }) {}

  readonly issue = async ({ namespace, name, object, validate, annotate, warn }: VirtualCreate): Promise<KubeObject> => {
    const { tokens, objects, clock } = this.deps;
    const { maxSeconds, extend } = this.options;
    const request = object as authenticationv1.TokenRequest;
    requireSameName(request.metadata, namespace, name);
    const account = await objects.get(core.serviceaccounts, namespace, name);
    if (account === undefined) throw notFound(core.serviceaccounts, name);
    requireSameAccount(request.metadata, account.metadata);
    const nowMs = clock.now();
    // Admission sees the request as it will be answered, but for the token.
    Object.assign(request.metadata, { name, namespace, uid: account.metadata.uid, creationTimestamp: formatTime(nowMs) });
    const spec: Partial<authenticationv1.TokenRequestSpec> = (request.spec ??= {} as authenticationv1.TokenRequestSpec);
    if ((spec.audiences?.length ?? 0) === 0) spec.audiences = [...tokens.audiences];
    spec.expirationSeconds ??= defaultSeconds;
    delete request.status;
    requireDuration(spec.expirationSeconds);
    await validate();
    const { audiences = [], boundObjectRef } = spec;
    const bound = boundObjectRef === undefined ? {} : await this.#bound(namespace, name, boundObjectRef);
    if (maxSeconds > 0 && spec.expirationSeconds > maxSeconds) {
      warn(`requested expiration of ${spec.expirationSeconds} seconds shortened to ${maxSeconds} seconds`);
      spec.expirationSeconds = maxSeconds;
    }
    const { expirationSeconds } = spec;
    const extended = extend && bound.pod !== undefined && expirationSeconds === extendedSeconds && audiences.every((audience) => tokens.audiences.includes(audience));
    const { token, credentialId } = await tokens.issue(
      { namespace, serviceAccount: { name, uid: account.metadata.uid ?? '' }, ...bound },
      { audiences, nowMs, ...(extended ? { lifetimeSeconds: extensionSeconds, warnAfterSeconds: expirationSeconds } : { lifetimeSeconds: expirationSeconds }) },
    );
    annotate?.('authentication.kubernetes.io/issued-credential-id', credentialId);
    return { ...request, status: { token, expirationTimestamp: formatTime(nowMs + expirationSeconds * 1000) } } as KubeObject;
  };

  async #bound(namespace: string, account: string, ref: authenticationv1.BoundObjectReference): Promise<Pick<TokenSubject, 'pod' | 'node' | 'secret'>> {
    const { objects } = this.deps;
    const name = ref.name ?? '';
    const { group, version } = parseGroupVersion(ref.apiVersion ?? '') ?? { group: '', version: '' };
    switch (group === '' ? ref.kind : undefined) {
      case 'Pod': {
        const pod = await objects.get(core.pods, namespace, name);
        if (pod === undefined) throw notFound(core.pods, name);
        if ((pod.spec?.serviceAccountName ?? '') !== account) throw badRequest(`cannot bind token for serviceaccount ${goQuote(account)} to pod running with different serviceaccount name.`);
        const nodeName = pod.spec?.nodeName ?? '';
        const node = nodeName === '' ? undefined : await objects.get(core.nodes, '', nodeName);
        // A node that is gone still tells where the pod is.
        return { pod: boundTo(ref, pod), ...(nodeName === '' ? {} : { node: { name: nodeName, uid: node?.metadata.uid ?? '' } }) };
      }
      case 'Node': {
        const node = await objects.get(core.nodes, '', name);
        if (node === undefined) throw notFound(core.nodes, name);
        return { node: boundTo(ref, node) };
      }
      case 'Secret': {
        const secret = await objects.get(core.secrets, namespace, name);
        if (secret === undefined) throw notFound(core.secrets, name);
        return { secret: boundTo(ref, secret) };
      }
      case undefined:
      default:
        throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${ref.kind ?? ''}`);
    }
  }
}

function boundTo(ref: authenticationv1.BoundObjectReference, { metadata }: KubeObject): BoundObject {
  const uid = metadata.uid ?? '';
  const name = ref.name ?? '';
  if (ref.uid !== undefined && ref.uid !== '' && ref.uid !== uid)
    throw conflict(
      { group: '', resource: ref.kind ?? '' },
      name,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return { name, uid };
}

/** What the body says of namespace and name must be what the URL says; the namespace is looked at for every kind, before the kind's own rules. */
function requireSameName(metadata: metav1.ObjectMeta, namespace: string, name: string): void {
  const { namespace: givenNamespace = '', name: givenName = '' } = metadata;
  if (givenNamespace !== '' && givenNamespace !== namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (givenName !== '' && givenName !== name) throw invalid(kind, name, [fieldErrors.invalid(FieldPath.of('metadata', 'name'), givenName, 'must match the service account name if specified')]);
}

/** Who asks for a token of one account does not get that of another which has taken its name. */
function requireSameAccount({ uid = '' }: metav1.ObjectMeta, { name = '', uid: actual = '' }: metav1.ObjectMeta): void {
  if (uid !== '' && uid !== actual) throw conflict({ group: kind.group, resource: kind.kind }, name, `the UID in the token request (${uid}) does not match the UID of the service account (${actual})`);
}

function requireDuration(seconds: number): void {
  const fault = seconds < shortestSeconds ? 'may not specify a duration less than 10 minutes' : seconds > longestSeconds ? 'may not specify a duration larger than 2^32 seconds' : undefined;
  if (fault !== undefined) throw invalid(kind, '', [fieldErrors.invalid(FieldPath.of('spec', 'expirationSeconds'), seconds, fault)]);
}
