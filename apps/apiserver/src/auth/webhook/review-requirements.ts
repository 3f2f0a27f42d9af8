import type { authorizationv1 } from '@navarch/api';
import { parseFieldSelector, parseLabelSelector } from '@navarch/apimachinery';

type Attributes = Pick<authorizationv1.ResourceAttributes, 'fieldSelector' | 'labelSelector'>;

const labelOperators: Readonly<Record<string, string>> = { '=': 'In', '==': 'In', in: 'In', '!=': 'NotIn', notin: 'NotIn', exists: 'Exists', '!': 'DoesNotExist' };

/** What a text selects by; nothing if it cannot be read: then it is asked about everything, which allows no more. */
function read<T>(text: string, parse: (text: string) => T[]): T[] {
  try {
    return parse(text);
  } catch {
    return []; // the registry answers what is wrong with it
  }
}

/** Selectors of a request as a review tells of them. */
export function selectorAttributes({ fieldSelector = '', labelSelector = '' }: { readonly fieldSelector?: string; readonly labelSelector?: string }): Attributes {
  const fields = read(fieldSelector, (text) =>
    parseFieldSelector(text).requirements.map(({ field, operator, value }) => ({ key: field, operator: operator === '=' ? 'In' : 'NotIn', values: [value] })),
  );
  const labels = read(labelSelector, (text) => parseLabelSelector(text).requirements.flatMap(({ key, operator, values }) => {
    const said = labelOperators[operator];
    return said === undefined ? [] : [{ key, operator: said, ...(values.length === 0 ? {} : { values: [...values] }) }];
  }));
  return { ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }), ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }) };
}
