import { badRequest } from '../errors';
import { compareStrings } from '../text/compare-strings';

/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '!=' | '=';
  readonly value: string;
}

/** A compiled field selector; which fields exist is the resource's business. */
export class FieldSelector {
  constructor(readonly requirements: readonly FieldRequirement[]) {}

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  /** `get` gives the value of a field, empty when absent. */
  matches(get: (field: string) => string): boolean {
    return this.requirements.every(({ field, operator, value }) => (get(field) === value) === (operator === '='));
  }

  /** The value that this field must have, if one is asked for. */
  requiresExactMatch(field: string): string | undefined {
    return this.requirements.find((requirement) => requirement.field === field && requirement.operator === '=')?.value;
  }

  toString(): string {
    return this.requirements.map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`).join(',');
  }
}

/**
 * Compiles the text of a field selector: `status.phase!=Running,spec.nodeName=node-1`. In values, `\`, `,` and `=` are escaped by `\`.
 * @throws ApiError BadRequest with upstream's text
 */
export function parseFieldSelector(text: string): FieldSelector {
  const terms = splitTerms(text).filter((term) => term !== '').sort(compareStrings);
  return new FieldSelector(terms.map((term) => {
    const match = /^((?:[^=!]|!(?!=))*)(!=|==|=)([^]*)$/.exec(term);
    const [, field = '', operator, value = ''] = match ?? [];
    if (operator === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    return { field, operator: operator === '!=' ? '!=' : '=', value: unescape(value) };
  }));
}

/** Splits at commas that no backslash stands before. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...terms, text.slice(start)];
}

function unescape(value: string): string {
  let plain = '';
  for (let i = 0; i < value.length; i++) {
    const character = value.charAt(i);
    if (character === '\\') {
      const next = value.charAt(++i);
      if (!['\\', ',', '='].includes(next)) throw badRequest(`invalid field selector: invalid escape sequence: \\${next}`);
      plain += next;
    } else if (character === '=') {
      throw badRequest('invalid field selector: unescaped character in value: 61');
    } else plain += character;
  }
  return plain;
}
