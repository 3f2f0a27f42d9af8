import { parseFieldSelector } from '@navarch/apimachinery';

/**
 * The one object that a list or watch is restricted to by its field selector, if it is: who may only see that one may ask for it so.
 * Empty for any other selector, also for one that cannot be read: its mistake is told later, to who may ask at all.
 */
export function selectedName(fieldSelector: string): string {
  if (!fieldSelector.includes('metadata.name')) return '';
  try {
    return parseFieldSelector(fieldSelector).requiresExactMatch('metadata.name') ?? '';
  } catch {
    return '';
  }
}
