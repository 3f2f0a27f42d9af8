import type { resourcev1 } from '@navarch/api';
import { dns1123SubdomainMessages, type FieldError, fieldErrors, FieldPath, invalid } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, AuthorizationAttributes, Authorizer, User, WriteSort } from '../../pipeline';
import { forbiddenFor } from '../../pipeline/authorize';
import { changesBinding, driversToldOf, nodeOfAllocation } from './claim-status-changes';

const group = 'resource.k8s.io';
const STATUS = FieldPath.of('status');

/** Whether somebody is a service account whose pod runs on a node. */
function runsOn({ name, extra }: User, node: string | undefined): boolean {
  const told = extra?.['authentication.kubernetes.io/node-name'] ?? [];
  return node !== undefined && told.length === 1 && told[0] === node && dns1123SubdomainMessages(node).length === 0 && /^system:serviceaccount:[^:]+:[^:]+$/.test(name);
}

/**
 * The status of a claim has several writers: who may write it at all needs `resourceclaims/binding` to give and take devices, and
 * `resourceclaims/driver`, by the driver's name, to tell of a driver's devices: `associated-node:<verb>` from the node that they are
 * of, `arbitrary-node:<verb>` from anywhere. Upstream has no plug-in of this name: it does so in the registry
 * (pkg/registry/resource/utils.go).
 */
export class ClaimStatusAuthorization implements AdmissionPlugin {
  readonly name = 'ResourceClaimStatusAuthorization';

  constructor(private readonly authorizer: Authorizer) {}

  handles({ operation, group: of, resource, subresource }: WriteSort): boolean {
    return of === group && resource === 'resourceclaims' && subresource === 'status' && operation === 'UPDATE';
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const [{ status: next = {} }, { status: before = {} }] = [attributes.object, attributes.oldObject] as [resourcev1.ResourceClaim, resourcev1.ResourceClaim];
    const verb = attributes.verb ?? 'update';
    const errors: FieldError[] = [];
    if (changesBinding(next, before)) {
      const refusal = await this.#refusal(attributes, verb, 'binding', '', '');
      if (refusal !== undefined) {
        errors.push(
          fieldErrors.forbidden(
            STATUS,
            `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${refusal}`,
          ),
        );
      }
    }
    const verbs = [...(runsOn(attributes.user, nodeOfAllocation(next.allocation)) ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`];
    for (const driver of driversToldOf(next, before)) {
      const refusal = await this.#refusalOfAll(attributes, verbs, driver);
      if (refusal !== undefined) {
        errors.push(
          fieldErrors.forbidden(
            STATUS.child('devices'),
            `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${refusal}`,
          ),
        );
      }
    }
    if (errors.length > 0) throw invalid({ group, kind: attributes.kind }, attributes.name, errors);
  }

  /** Any of the verbs will do; the first refusal is told. */
  async #refusalOfAll(attributes: AdmissionAttributes, verbs: readonly string[], driver: string): Promise<string | undefined> {
    let first: string | undefined;
    for (const verb of verbs) {
      const refusal = await this.#refusal(attributes, verb, 'driver', attributes.namespace, driver);
      if (refusal === undefined) return undefined;
      first ??= refusal;
    }
    return first;
  }

  async #refusal({ user, version }: AdmissionAttributes, verb: string, subresource: string, namespace: string, name: string): Promise<string | undefined> {
    const asked: AuthorizationAttributes = { verb, isResource: true, path: '', group, version, resource: 'resourceclaims', subresource, namespace, name };
    const { verdict, reason } = await this.authorizer.authorize(user, asked);
    return verdict === 'allow' ? undefined : forbiddenFor(user, asked, reason).message;
  }
}
