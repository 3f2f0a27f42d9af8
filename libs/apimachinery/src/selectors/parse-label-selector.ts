import { badRequest } from '../errors';
import { compareStrings } from '../text/compare-strings';
import { aggregateMessages } from '../validation/field-error';
import { checkRequirement, labelKeyError } from './check-requirement';
import { type LabelOperator, type LabelRequirement } from './label-requirement';
import { lexSelector, type SelectorToken } from './lex-selector';
import { Selector } from './selector';

// Grammar and texts mirror staging/src/k8s.io/apimachinery/pkg/labels/selector.go.

const binaryOperators = new Map<string, LabelOperator>([['in', 'in'], ['notin', 'notin'], ['=', '='], ['==', '=='], ['!=', '!='], ['>', 'gt'], ['<', 'lt']]);

/**
 * Compiles the text of a label selector: `app=web,tier in (a,b),!canary`. Empty text selects everything.
 * @throws ApiError BadRequest with upstream's text
 */
export function parseLabelSelector(text: string): Selector {
  return Selector.of(new Parser(lexSelector(text)).parse());
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly SelectorToken[]) {}

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const token = this.peek();
      if (token.kind === 'end') return requirements;
      if (token.kind !== 'word' && token.kind !== '!') throw badRequest(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.requirement());
      const next = this.take();
      if (next.kind === 'end') return requirements;
      if (next.kind !== ',') throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.peek();
      if (after.kind !== 'word' && after.kind !== '!') throw badRequest(`found '${after.text}', expected: identifier after ','`);
    }
  }

  private requirement(): LabelRequirement {
    const negated = this.peek().kind === '!';
    if (negated) this.take();
    const key = this.take();
    if (key.kind !== 'word') throw broken(`found '${key.text}', expected: identifier`);
    const wrong = labelKeyError(key.text, '');
    if (wrong) throw broken(wrong.message);
    const next = this.peek().kind;
    const alone = negated || next === 'end' || next === ',';
    const operator = alone ? (negated ? '!' : 'exists') : this.operator();
    const requirement = { key: key.text, operator, values: alone ? [] : this.values(operator) };
    const errors = checkRequirement(requirement);
    if (errors.length > 0) throw broken(aggregateMessages(errors.map((error) => error.message)));
    return requirement;
  }

  private operator(): LabelOperator {
    const token = this.take();
    const operator = binaryOperators.get(token.text);
    if (operator === undefined) throw broken(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    return operator;
  }

  private values(operator: LabelOperator): string[] {
    if (operator === 'in' || operator === 'notin') return this.valueSet();
    const next = this.peek();
    if (next.kind === 'end' || next.kind === ',') return [''];
    const value = this.take();
    if (value.kind !== 'word') throw broken(`found '${value.text}', expected: identifier`);
    return [value.text];
  }

  /** `(a,b)`; an empty place between commas is the empty value. */
  private valueSet(): string[] {
    const open = this.take();
    if (open.kind !== '(') throw broken(`found '${open.text}' expected: '('`);
    const first = this.peek();
    if (first.kind !== 'word' && first.kind !== ',' && first.kind !== ')') throw broken(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = new Set<string>();
    for (let pending = true; ; ) {
      const token = this.take();
      if (token.kind === 'word') {
        if (!pending) throw broken(`found '${token.text}', expected: ',' or ')'`);
        values.add(token.text);
        pending = false;
      } else if (token.kind === ',' || token.kind === ')') {
        if (pending) values.add('');
        if (token.kind === ')') return [...values].sort(compareStrings);
        pending = true;
      } else {
        throw broken(pending ? `found '${token.text}', expected: ',', or identifier` : `found '${token.text}', expected: ',' or ')'`);
      }
    }
  }

  private peek(): SelectorToken {
    return this.tokens[this.at] ?? { kind: 'end', text: '' };
  }

  private take(): SelectorToken {
    const token = this.peek();
    this.at++;
    return token;
  }
}

const broken = (why: string): Error => badRequest(`unable to parse requirement: ${why}`);
