import type { KubeObject } from '@navarch/api';
import { type JsonValue, managedFieldsFault } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionChain } from '../pipeline';
import { dedupeOwners } from './owner-references';
import type { WriteContext } from './write-context';

/** Lets admission change what is to be stored, and mends what it must not break: owners named twice, managedFields nobody can read. */
export async function admitChanges(admission: AdmissionChain, attributes: AdmissionAttributes | undefined, object: KubeObject, context: Pick<WriteContext, 'warn'>): Promise<void> {
  const { managedFields } = object.metadata;
  if (attributes) await admission.mutate(attributes);
  dedupeOwners(object, context, true);
  const { metadata } = object;
  if (metadata.managedFields === managedFields) return;
  const fault = managedFieldsFault(metadata.managedFields as unknown as JsonValue);
  if (fault === undefined) return;
  context.warn(`.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${fault}`);
  if (managedFields === undefined) delete metadata.managedFields;
  else metadata.managedFields = managedFields;
}
