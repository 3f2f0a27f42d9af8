import type { KubeObject } from '@navarch/api';
import { randomUUID } from 'node:crypto';
import type { AdmissionAttributes } from '../pipeline';
import type { RequestVersion } from './request-versions';

/** `request` of an AdmissionReview, and of CEL. */
export interface AdmissionRequest extends Record<string, unknown> {
  readonly uid: string;
}

/** Which kind options are: a patch shows those of the update that it is. */
const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

export interface ShownObjects {
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
}

/** A write as an AdmissionReview tells of it: in the version that the receiver asked for, and in that of the client. */
export function admissionRequest(attributes: AdmissionAttributes, shown: RequestVersion, requested: RequestVersion, { object, oldObject }: ShownObjects): AdmissionRequest {
  const { operation, subresource, name, namespace, user, dryRun, options } = attributes;
  const resource = (of: RequestVersion): object => ({ group: of.group, version: of.version, resource: of.resource });
  return {
    uid: randomUUID(),
    kind: shown.kind, resource: resource(shown), ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: requested.kind, requestResource: resource(requested), ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }), ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: { username: user.name, ...(user.uid === undefined ? {} : { uid: user.uid }), groups: [...user.groups], ...(user.extra === undefined ? {} : { extra: user.extra }) },
    object: object ?? null, oldObject: oldObject ?? null,
    dryRun,
    // Whichever group's DeleteOptions a client has sent.
    options: operation === 'CONNECT' ? null : { ...options, kind: optionKinds[operation], apiVersion: 'meta.k8s.io/v1' },
  };
}
