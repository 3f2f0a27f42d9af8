import { admissionregistration, type admissionregistrationv1, type KubeObject } from '@navarch/api';
import { fieldErrors, FieldPath, invalid, parseGroupVersion } from '@navarch/apimachinery';
import { type AdmissionAttributes, type AdmissionPlugin, type Authorizer, GROUP_MASTERS, type ObjectReader, type User, type WriteSort } from '../../pipeline';
import type { ResourcesOfKind } from '../optional/owner-references-permission';

type ParamKind = admissionregistrationv1.ParamKind;

/** What both kinds of policies, and both kinds of bindings, have. */
interface Parts {
  readonly spec?: { readonly paramKind?: ParamKind; readonly policyName?: string; readonly paramRef?: admissionregistrationv1.ParamRef };
}

const group = 'admissionregistration.k8s.io';
const policies: readonly string[] = ['validatingadmissionpolicies', 'mutatingadmissionpolicies'];
const bindings: readonly string[] = ['validatingadmissionpolicybindings', 'mutatingadmissionpolicybindings'];

/** What stands for a kind among resources; `*` for what cannot be told. */
interface Target {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** What kept it from being told. */
  readonly missing?: 'parse' | 'resolve';
}

const anything: Target = { group: '*', version: '*', resource: '*' };

/** As Go prints the pointer to a user. */
function printed({ name, uid = '', groups, extra = {} }: User): string {
  const extras = Object.entries(extra).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, values]) => `${key}:[${values.join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${extras.join(' ')}]}`;
}

const partsOf = (object: KubeObject | undefined): NonNullable<Parts['spec']> => (object as Parts | undefined)?.spec ?? {};

export interface ParamAuthorizationDeps {
  readonly authorizer: Authorizer;
  readonly reader: Pick<ObjectReader, 'get' | 'refresh'>;
  readonly resourcesOfKind: ResourcesOfKind;
}

/**
 * A policy tells of its parameters, in what it refuses and writes down: who makes one must be allowed to read all objects of the kind
 * it takes them from, and who binds one those that the binding names. Upstream has no plug-in of this name: it does so in the registry
 * (pkg/registry/admissionregistration, authz.go of policies and bindings).
 */
export class ParamAuthorization implements AdmissionPlugin {
  readonly name = 'PolicyParamAuthorization';

  constructor(private readonly deps: ParamAuthorizationDeps) {}

  handles({ operation, group: of, resource, subresource }: WriteSort): boolean {
    if (of !== group || subresource !== '' || (operation !== 'CREATE' && operation !== 'UPDATE')) return false;
    return policies.includes(resource) || bindings.includes(resource);
  }

  applies({ user }: AdmissionAttributes): boolean {
    return !user.groups.includes(GROUP_MASTERS);
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const ofPolicy = policies.includes(attributes.resource);
    const why = ofPolicy ? await this.#policyFault(attributes) : await this.#bindingFault(attributes);
    if (why === undefined) return;
    throw invalid({ group, kind: attributes.kind }, attributes.name, [fieldErrors.forbidden(FieldPath.of('spec', ofPolicy ? 'paramKind' : 'paramRef'), why)]);
  }

  async #policyFault({ user, object, oldObject }: AdmissionAttributes): Promise<string | undefined> {
    const { paramKind } = partsOf(object);
    const { paramKind: before } = partsOf(oldObject);
    if (paramKind === undefined || (before !== undefined && before.apiVersion === paramKind.apiVersion && before.kind === paramKind.kind)) return undefined;
    if (await this.#may(user, 'get', this.#target(paramKind), '*', '*')) return undefined;
    return `user ${printed(user)} must have "get" permission on all objects of the referenced paramKind (kind=${paramKind.kind ?? ''}, apiVersion=${paramKind.apiVersion ?? ''})`;
  }

  /** Upstream means to spare an update that changes neither, but compares what it points to by address: every update is asked about. */
  async #bindingFault({ user, resource, object }: AdmissionAttributes): Promise<string | undefined> {
    const { policyName = '', paramRef } = partsOf(object);
    if (paramRef === undefined) return undefined;
    const validating = resource === 'validatingadmissionpolicybindings';
    await this.deps.reader.refresh(); // A policy that has just been changed counts.
    const policy: KubeObject | undefined = this.deps.reader.get(validating ? admissionregistration.validatingadmissionpolicies : admissionregistration.mutatingadmissionpolicies, '', policyName);
    const { paramKind } = partsOf(policy);
    const target = paramKind === undefined ? anything : this.#target(paramKind);
    const verb = (paramRef.name ?? '') === '' ? 'list' : 'get';
    if (await this.#may(user, verb, target, paramRef.namespace ?? '', paramRef.name ?? '')) return undefined;
    // For these upstream's text has its two arguments the wrong way round.
    if (!validating) return `user ${verb} does not have "${printed(user)}" permission on the object referenced by paramRef`;
    const everywhere = `to determine minimum required permissions and user ${printed(user)} does not have "${verb}" permission for all groups, versions and resources`;
    if (policy === undefined) return `unable to get policy ${policyName} ${everywhere}`;
    if (target.missing !== undefined) return `unable to ${target.missing} paramKind &{${paramKind?.apiVersion ?? ''} ${paramKind?.kind ?? ''}} ${everywhere}`;
    return `user ${printed(user)} does not have "${verb}" permission on the object referenced by paramRef`;
  }

  #target({ apiVersion = '', kind = '' }: ParamKind): Target {
    const parsed = parseGroupVersion(apiVersion);
    if (parsed === undefined) return { ...anything, missing: 'parse' };
    const [found] = this.deps.resourcesOfKind(parsed.group, parsed.version, kind);
    return found === undefined ? { ...parsed, resource: '*', missing: 'resolve' } : { ...parsed, resource: found.resource };
  }

  async #may(user: User, verb: string, { group: of, version, resource }: Target, namespace: string, name: string): Promise<boolean> {
    return (await this.deps.authorizer.authorize(user, { verb, isResource: true, path: '', group: of, version, resource, subresource: '', namespace, name })).verdict === 'allow';
  }
}
