import type { KubeObject } from '@navarch/api';
import type { Selector } from '@navarch/apimachinery';
import type { AdmissionAttributes } from '../pipeline';

/** Options of a connection have no labels, and so nothing that a selector could select. */
const isSelected = (selector: Selector, object: Partial<KubeObject> | undefined): boolean => object?.metadata !== undefined && selector.matches(object.metadata.labels);

/** Whether an object selector selects a write: by the object as it is to be, or as it was. */
export function objectMatches(selector: Selector, { object, oldObject }: AdmissionAttributes): boolean {
  return selector.empty || isSelected(selector, object) || isSelected(selector, oldObject);
}
