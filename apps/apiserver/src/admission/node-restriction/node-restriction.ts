import type { certificatesv1, KubeObject, resourcev1 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';
import { parseCertificateRequest } from '@navarch/pki';
import { nodeOf } from '../../auth/node/node-identity';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, ObjectReader, WriteSort } from '../../pipeline';
import { refused } from '../refused';
import { checkClaimStatus, checkNode } from './own-node';
import { OwnPods } from './own-pods';
import { PodCertificates } from './pod-certificates';

const kubeletSigners = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

type Check = (attributes: AdmissionAttributes, node: string) => void | Promise<void>;

/** A kubelet changes only its own Node and the pods bound to it: plugin/pkg/admission/noderestriction. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly #checks: Readonly<Partial<Record<string, Check>>>;

  constructor(reader: ObjectReader, authorizer: Authorizer) {
    const pods = new OwnPods(reader, authorizer);
    const podCertificates = new PodCertificates(reader);
    this.#checks = {
      '/pods': (attributes, node) => pods.check(attributes, node),
      '/serviceaccounts': (attributes, node) => pods.checkToken(attributes, node),
      '/nodes': checkNode,
      '/persistentvolumeclaims': checkClaimStatus,
      'coordination.k8s.io/leases': checkLease,
      'storage.k8s.io/csinodes': (attributes, node) => checkName(attributes, node, 'CSINode'),
      'resource.k8s.io/resourceslices': checkSlice,
      'certificates.k8s.io/certificatesigningrequests': checkCertificateRequest,
      'certificates.k8s.io/podcertificaterequests': (attributes, node) => podCertificates.check(attributes, node),
    };
  }

  handles({ operation, group, resource }: WriteSort): boolean {
    return operation !== 'CONNECT' && this.#checks[`${group}/${resource}`] !== undefined;
  }

  applies({ user }: AdmissionAttributes): boolean {
    return nodeOf(user) !== undefined;
  }

  /** Tokens are checked as they were asked for, as upstream does: what a request leaves open is filled in before `validate`. */
  mutate(attributes: AdmissionAttributes): void | Promise<void> {
    return isToken(attributes) ? this.#check(attributes) : undefined;
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    return isToken(attributes) ? undefined : this.#check(attributes);
  }

  #check(attributes: AdmissionAttributes): void | Promise<void> {
    const { user, group, resource } = attributes;
    const node = nodeOf(user) ?? '';
    if (node === '') throw refused(attributes, `could not determine node from user ${goQuote(user.name)}`);
    return this.#checks[`${group}/${resource}`]?.(attributes, node);
  }
}

const isToken = ({ group, resource, subresource }: AdmissionAttributes): boolean => group === '' && resource === 'serviceaccounts' && subresource === 'token';

function checkLease(attributes: AdmissionAttributes, node: string): void {
  if (attributes.namespace !== 'kube-node-lease') throw refused(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  checkName(attributes, node, 'node lease');
}

/** On CREATE the object has the name, not the request. */
function checkName(attributes: AdmissionAttributes, node: string, what: string): void {
  const name = attributes.operation === 'CREATE' ? attributes.object?.metadata.name : attributes.name;
  if (name !== node) throw refused(attributes, `can only access ${what} with the same name as the requesting node`);
}

function checkSlice(attributes: AdmissionAttributes, node: string): void {
  const nodeNameOf = (object: KubeObject | undefined): string | undefined => (object as resourcev1.ResourceSlice | undefined)?.spec.nodeName;
  if (attributes.operation === 'CREATE' && nodeNameOf(attributes.object) !== node) throw refused(attributes, 'can only create ResourceSlice with the same NodeName as the requesting node');
  if (attributes.operation === 'DELETE' && nodeNameOf(attributes.oldObject) !== node) throw refused(attributes, 'can only delete ResourceSlice with the same NodeName as the requesting node');
}

async function checkCertificateRequest(attributes: AdmissionAttributes, node: string): Promise<void> {
  if (attributes.operation !== 'CREATE') return;
  const { signerName, request } = (attributes.object as certificatesv1.CertificateSigningRequest).spec;
  if (!kubeletSigners.includes(signerName)) return;
  const { commonName } = await parseCertificateRequest(Buffer.from(request, 'base64').toString()).catch((error: unknown) => {
    throw refused(attributes, `unable to parse csr: ${error instanceof Error ? error.message : 'malformed'}`);
  });
  if (commonName !== `system:node:${node}`) throw refused(attributes, `can only create a node CSR with CN=system:node:${node}`);
}
