import { core, type corev1 } from '@navarch/api';
import { causeTypes, forbidden, notFound } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';

/** Namespaces that a cluster cannot be without. */
const immortal = ['default', 'kube-system', 'kube-public'];

/** Nothing is created in a namespace that is missing or going, and the built-in namespaces cannot be deleted. Comes first: what others look up lies in the namespace. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, namespaced }: WriteSort): boolean {
    if (group === '' && resource === 'namespaces') return operation === 'DELETE';
    // An answer about a namespace that its asker may not see would tell of it.
    if (group === 'authorization.k8s.io' && resource === 'localsubjectaccessreviews') return false;
    return namespaced && operation === 'CREATE';
  }

  mutate(attributes: AdmissionAttributes): void | Promise<void> {
    const { group, resource, name, operation } = attributes;
    if (operation === 'DELETE') {
      if (immortal.includes(name)) throw forbidden({ group, resource }, name, 'this namespace may not be deleted');
      return;
    }
    const found = this.#namespace(attributes);
    if (found === undefined) return this.reader.refresh().then(() => check(attributes, this.#namespace(attributes)));
    check(attributes, found);
  }

  #namespace({ namespace }: AdmissionAttributes): corev1.Namespace | undefined {
    return this.reader.get(core.namespaces, '', namespace);
  }
}

function check(attributes: AdmissionAttributes, found: corev1.Namespace | undefined): void {
  const { namespace } = attributes;
  if (found === undefined) throw notFound(core.namespaces, namespace);
  if (found.status?.phase !== 'Terminating' && found.metadata.deletionTimestamp === undefined) return;
  const error = refused(attributes, `unable to create new content in namespace ${namespace} because it is being terminated`);
  const { details } = error.status;
  // Controllers recognise this cause and stop trying.
  const cause = { reason: causeTypes.namespaceTerminating, message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' };
  if (details) details.causes = [...(details.causes ?? []), cause];
  throw error;
}
