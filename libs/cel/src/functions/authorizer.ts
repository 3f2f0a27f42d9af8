import { EvalError } from '../values/eval-error';
import type { OpaqueValue } from '../values/value';
import { overload, type Overload } from './overload';

/** What an expression asks about: a path, or a resource. */
export interface AuthorizationQuery {
  /** Of a service account, when the question is about one: namespace and name. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly verb: string;
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  /** Why there is no answer. */
  readonly error?: string;
}

/** Answers what expressions ask; it may take its time. */
export type Authorize = (query: AuthorizationQuery) => AuthorizationAnswer | Promise<AuthorizationAnswer>;

/** An answer that is not there yet. Evaluation stops, and is done again when it is. */
export class AwaitedAnswer extends Error {
  override readonly name = 'AwaitedAnswer';

  constructor(readonly answer: Promise<unknown>) {
    super('the authorizer has not answered yet');
  }
}

const opaque = (name: string) => `kubernetes.authorization.${name}`;

/** A question in the making. */
class QueryValue implements OpaqueValue {
  constructor(
    readonly opaque: string,
    readonly source: AnswerSource,
    readonly query: Omit<AuthorizationQuery, 'verb'>,
  ) {}

  equals(other: OpaqueValue): boolean {
    return this === other;
  }

  with(more: Partial<AuthorizationQuery>, type = this.opaque): QueryValue {
    return new QueryValue(type, this.source, { ...this.query, ...more });
  }

  check(verb: string): DecisionValue {
    return new DecisionValue(this.source.answerTo({ ...this.query, verb }));
  }
}

class DecisionValue implements OpaqueValue {
  readonly opaque = opaque('Decision');

  constructor(readonly answer: AuthorizationAnswer) {}

  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

/** Remembers the answers of one evaluation. */
class AnswerSource {
  private readonly answers = new Map<string, AuthorizationAnswer>();

  constructor(private readonly authorize: Authorize) {}

  answerTo(query: AuthorizationQuery): AuthorizationAnswer {
    const key = JSON.stringify(query);
    const known = this.answers.get(key);
    if (known) return known;
    const answer = this.authorize(query);
    if (!(answer instanceof Promise)) {
      this.answers.set(key, answer);
      return answer;
    }
    throw new AwaitedAnswer(answer.then((settled) => this.answers.set(key, settled)));
  }
}

/** The value of `authorizer`. */
export const authorizerValue = (authorize: Authorize): OpaqueValue => new QueryValue(opaque('Authorizer'), new AnswerSource(authorize), {});

/** The value of `authorizer.requestResource`: a question about what the request is about. */
export const resourceCheckValue = (authorizer: OpaqueValue, query: Omit<AuthorizationQuery, 'verb'>): OpaqueValue =>
  authorizer instanceof QueryValue ? authorizer.with(query, opaque('ResourceCheck')) : authorizer;

function selector(text: string): string {
  if (text === '') throw new EvalError('selector must not be empty');
  return text;
}

const CHECK_COST = 350_000;
const checking = { cost: (): number => CHECK_COST };
const [A, P, G, R, D] = ['Authorizer', 'PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(opaque) as [string, string, string, string, string];

export const authorization: readonly Overload[] = [
  overload(`${A} -> path(string): ${P}`, (a: QueryValue, path: string) => a.with({ path }, P)),
  overload(`${P} -> check(string): ${D}`, (a: QueryValue, verb: string) => a.check(verb), checking),
  overload(`${A} -> group(string): ${G}`, (a: QueryValue, group: string) => a.with({ group }, G)),
  overload(`${A} -> serviceAccount(string, string): ${A}`, (a: QueryValue, namespace: string, name: string) => a.with({ serviceAccount: { namespace, name } })),
  overload(`${G} -> resource(string): ${R}`, (a: QueryValue, resource: string) => a.with({ resource }, R)),
  overload(`${R} -> subresource(string): ${R}`, (a: QueryValue, subresource: string) => a.with({ subresource })),
  overload(`${R} -> namespace(string): ${R}`, (a: QueryValue, namespace: string) => a.with({ namespace })),
  overload(`${R} -> name(string): ${R}`, (a: QueryValue, name: string) => a.with({ name })),
  overload(`${R} -> fieldSelector(string): ${R}`, (a: QueryValue, text: string) => a.with({ fieldSelector: selector(text) })),
  overload(`${R} -> labelSelector(string): ${R}`, (a: QueryValue, text: string) => a.with({ labelSelector: selector(text) })),
  overload(`${R} -> check(string): ${D}`, (a: QueryValue, verb: string) => a.check(verb), checking),
  overload(`${D} -> allowed(): bool`, ({ answer }: DecisionValue) => answer.allowed),
  overload(`${D} -> reason(): string`, ({ answer }: DecisionValue) => answer.reason),
  overload(`${D} -> errored(): bool`, ({ answer }: DecisionValue) => answer.error !== undefined),
  overload(`${D} -> error(): string`, ({ answer }: DecisionValue) => answer.error ?? ''),
];
