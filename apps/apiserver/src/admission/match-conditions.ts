import { authorizerValue, compile, CompileError, CostExceeded, EvalError, fromJson, MATCH_CONDITIONS_BUDGET, resourceCheckValue, types, variables, type Authorize, type Program, type Value } from '@navarch/cel';
import type { KubeObject } from '@navarch/api';
import { aggregateMessages, type FieldError, fieldErrors, type FieldPath, labelKeyMessages } from '@navarch/apimachinery';
import type { AdmissionAttributes, Authorizer } from '../pipeline';
import type { AdmissionRequest, ShownObjects } from './admission-request';
import { isDeepStrictEqual } from 'node:util';
import { compiledOrNot } from './compiled-or-not';
import type { ConditionsOf, MatchConditionMetrics } from './match-condition-metrics';

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

const known = {
  object: types.dyn, oldObject: types.dyn, request: types.dyn,
  authorizer: types.opaque('kubernetes.authorization.Authorizer'), 'authorizer.requestResource': types.opaque('kubernetes.authorization.ResourceCheck'),
};
/** A policy with parameters has conditions that may speak of them. */
const [declarations, declarationsWithParams] = [variables(known), variables({ ...known, params: types.dyn })];

/** What a condition says that cannot be evaluated. */
function compileFault(expression: string, hasParams = false): string | undefined {
  try {
    compile(expression, { declarations: hasParams ? declarationsWithParams : declarations, results: ['bool'] });
    return undefined;
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
}

const mostConditions = 64;

/** Faults of the conditions of one webhook or policy. */
export function conditionFaults(conditions: readonly Partial<MatchCondition>[] = [], path: FieldPath, hasParams = false): FieldError[] {
  const names = conditions.map(({ name }) => name);
  return [
    ...(conditions.length > mostConditions ? [fieldErrors.tooMany(path, conditions.length, mostConditions)] : []),
    ...conditions.flatMap(({ name = '', expression = '' }, i) => [
      ...expressionFaults(expression, path.index(i).child('expression'), hasParams),
      ...nameFaults(name, path.index(i).child('name')),
      ...(name !== '' && names.indexOf(name) < i ? [fieldErrors.duplicate(path.index(i).child('name'), name)] : []),
    ]),
  ];
}

/** Conditions that stay as they are were judged when they were stored: by rules that may have been others, as upstream's validation lets them be. */
export function unchangedConditions(now: readonly MatchCondition[] | undefined, before: readonly MatchCondition[] | undefined): boolean {
  return isDeepStrictEqual(now ?? [], before ?? []);
}

function expressionFaults(expression: string, path: FieldPath, hasParams: boolean): FieldError[] {
  if (expression.trim() === '') return [fieldErrors.required(path)];
  const fault = compileFault(expression, hasParams);
  return fault === undefined ? [] : [fieldErrors.invalid(path, expression, `compilation failed: ${fault}`)];
}

function nameFaults(name: string, path: FieldPath): FieldError[] {
  return name === '' ? [fieldErrors.required(path)] : labelKeyMessages(name).map((message) => fieldErrors.invalid(path, name, message));
}

/** Asks the server's own authorizers, as the one who writes. */
export function authorizeWith(authorizer: Authorizer, { user }: AdmissionAttributes): Authorize {
  return async ({ serviceAccount, path, verb, group = '', resource = '', subresource = '', namespace = '', name = '', fieldSelector, labelSelector }) => {
    const asked = serviceAccount === undefined ? user : {
      name: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${serviceAccount.namespace}`, 'system:authenticated'],
    };
    const selectors = { ...(fieldSelector === undefined ? {} : { fieldSelector }), ...(labelSelector === undefined ? {} : { labelSelector }) };
    const { verdict, reason = '' } = await authorizer.authorize(asked, { verb, isResource: path === undefined, path: path ?? '', group, version: '*', resource, subresource, namespace, name, ...selectors });
    return { allowed: verdict === 'allow', reason };
  };
}

/** What conditions are asked about. */
export interface ConditionInput {
  readonly attributes: AdmissionAttributes;
  readonly request: AdmissionRequest;
  readonly shown: ShownObjects;
  readonly authorizer: Authorizer;
  readonly params?: KubeObject | undefined;
  readonly metrics: MatchConditionMetrics;
  readonly of: ConditionsOf;
}

/** The conditions of one webhook or policy, compiled once. One that another server has stored, and that this one does not understand, cannot be evaluated. */
export class MatchConditions {
  private readonly programs: readonly (CompileError | Program)[];

  constructor(conditions: readonly MatchCondition[], hasParams = false) {
    this.programs = conditions.map(({ expression }) => compiledOrNot(() => compile(expression, { declarations: hasParams ? declarationsWithParams : declarations, results: ['bool'] })));
  }

  get empty(): boolean {
    return this.programs.length === 0;
  }

  /** True if all hold; a text if one could not be evaluated and none was false. */
  async hold(input: ConditionInput): Promise<boolean | string> {
    const started = performance.now();
    const faults: string[] = [];
    const held = await this.evaluate(input, faults);
    input.metrics.evaluated(input.of, faults.length, (performance.now() - started) / 1000);
    return held && faults.length > 0 ? aggregateMessages(faults) : held;
  }

  /** False if one is false; what could not be evaluated is said. */
  private async evaluate({ attributes, request, shown: { object, oldObject }, authorizer, params }: ConditionInput, faults: string[]): Promise<boolean> {
    const asking = authorizerValue(authorizeWith(authorizer, attributes));
    const { group, resource, subresource, namespace, name } = attributes;
    const values: Readonly<Record<string, Value | undefined>> = {
      object: fromJson(object ?? null), oldObject: fromJson(oldObject ?? null), request: fromJson(request), authorizer: asking, params: fromJson(params ?? null),
      'authorizer.requestResource': resourceCheckValue(asking, { group, resource, subresource, namespace, name }),
    };
    let budget = MATCH_CONDITIONS_BUDGET;
    for (const program of this.programs) {
      if (program instanceof CompileError) {
        faults.push(`compilation error: ${program.detail}`);
        continue;
      }
      try {
        const { value, cost } = await program.evaluateLater((variable) => values[variable], budget);
        budget -= cost;
        if (value !== true) return false;
      } catch (error) {
        if (!(error instanceof EvalError) && !(error instanceof CostExceeded)) throw error;
        faults.push(`expression '${program.source}' resulted in error: ${error.message}`);
      }
    }
    return true;
  }
}
