import { forbidden, type ApiError } from '@navarch/apimachinery';
import type { AdmissionAttributes } from '../pipeline';
import { askedAs } from '../registry/asked-as';

/** The 403 of a plug-in; an object that is not named yet goes by the name it will be made from, as upstream's admission.NewForbidden. */
export function refused({ group, resource, name, object, requested }: AdmissionAttributes, why: string): ApiError {
  const { name: given = '', generateName = '' } = object?.metadata ?? {};
  return forbidden(askedAs({ group, resource }, requested), [name, given, generateName].find((candidate) => candidate !== '') ?? 'Unknown', why);
}
