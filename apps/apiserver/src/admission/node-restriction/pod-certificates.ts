import { core, type certificatesv1beta1, type KubeObject } from '@navarch/api';
import { goQuote, internalError } from '@navarch/apimachinery';
import { mirrorAnnotation } from '../../auth/node/node-graph';
import type { AdmissionAttributes, ObjectReader } from '../../pipeline';
import { refused } from '../refused';

/** A node asks for certificates of pods that run on it, as what they are now: upstream's admitPodCertificateRequest. What may be news that is late is no refusal: who asks again may succeed. */
export class PodCertificates {
  constructor(private readonly reader: ObjectReader) {}

  check(attributes: AdmissionAttributes, node: string): void {
    const { operation, subresource, namespace, object } = attributes;
    if (operation !== 'CREATE') throw refused(attributes, `unexpected operation ${operation}`);
    if (subresource !== '') throw refused(attributes, `unexpected subresource ${subresource}`);
    const { spec } = object as certificatesv1beta1.PodCertificateRequest;
    const podKey = goQuote(`${namespace}/${spec.podName}`);
    if (spec.nodeName !== node) throw refused(attributes, `PodCertificateRequest.Spec.NodeName=${goQuote(spec.nodeName)}, which is not the requesting node ${goQuote(node)}`);
    const nodeUid = named(this.reader.get(core.nodes, '', node), `node ${goQuote(node)}`).metadata.uid ?? '';
    if (nodeUid !== spec.nodeUID) throw internalError(`PodCertificateRequest for pod ${podKey} names node UID ${goQuote(spec.nodeUID)}, inconsistent with the running node (${goQuote(nodeUid)})`);
    const pod = named(this.reader.get(core.pods, namespace, spec.podName), `pod ${podKey}`);
    const podUid = pod.metadata.uid ?? '';
    if (podUid !== spec.podUID) throw internalError(`PodCertificateRequest for pod ${podKey} contains pod UID (${goQuote(spec.podUID)}) which differs from running pod ${goQuote(podUid)}`);
    if (pod.spec?.nodeName !== node) throw refused(attributes, `pod ${podKey} is not running on node ${goQuote(node)} named in the PodCertificateRequest`);
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) throw refused(attributes, `pod ${podKey} is a mirror pod`);
    // Late news cannot be the reason: the pod is the one that was named.
    const account = pod.spec.serviceAccountName ?? '';
    if (account !== spec.serviceAccountName) {
      throw refused(
        attributes,
        `PodCertificateRequest for pod ${podKey} contains serviceAccountName (${goQuote(spec.serviceAccountName)}) that differs from running pod (${goQuote(account)})`,
      );
    }
    const accountUid = named(this.reader.get(core.serviceaccounts, namespace, account), `service account ${goQuote(`${namespace}/${account}`)}`).metadata.uid ?? '';
    if (accountUid !== spec.serviceAccountUID) {
      throw internalError(
        `PodCertificateRequest for pod ${podKey} names service account UID ${goQuote(spec.serviceAccountUID)}, which differs from the running service account (${goQuote(accountUid)})`,
      );
    }
  }
}

function named<T extends KubeObject>(object: T | undefined, what: string): T {
  if (object === undefined) throw internalError(`while retrieving ${what} named in the PodCertificateRequest: not found`);
  return object;
}
