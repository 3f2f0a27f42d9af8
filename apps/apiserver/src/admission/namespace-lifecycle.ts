import { core } from '@navarch/api';
import { forbidden, notFound, statusCause } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../pipeline';

/** Namespaces that a cluster cannot be without. */
const immortal = ['default', 'kube-system', 'kube-public'];

/** Nothing is created in a namespace that is missing or going, and the built-in namespaces cannot be deleted. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, namespaced, subresource }: AdmissionAttributes): boolean {
    if (group === '' && resource === 'namespaces') return operation === 'DELETE';
    // Access reviews ask about namespaces that need not exist.
    if (group === 'authorization.k8s.io') return false;
    return namespaced && operation === 'CREATE' && !(resource === 'pods' && subresource === 'eviction');
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    const { group, resource, name, namespace, operation } = attributes;
    if (group === '' && resource === 'namespaces' && operation === 'DELETE') {
      if (immortal.includes(name)) throw forbidden(attributes, name, 'this namespace may not be deleted');
      return;
    }
    const found = this.reader.get(core.namespaces, '', namespace);
    if (found === undefined) return this.reader.refresh().then(() => this.#check(attributes));
    this.#check(attributes);
  }

  #check(attributes: AdmissionAttributes): void {
    const { namespace, name } = attributes;
    const found = this.reader.get(core.namespaces, '', namespace);
    if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace);
    if (found.status?.phase !== 'Terminating' && found.metadata.deletionTimestamp === undefined) return;
    const error = forbidden(attributes, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
    // Controllers recognise this cause and stop trying.
    const causes = [...(error.status.details?.causes ?? []), { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }];
    if (error.status.details && statusCause(error, 'NamespaceTerminating') === undefined) Object.assign(error.status.details, { causes });
    throw error;
  }
}
