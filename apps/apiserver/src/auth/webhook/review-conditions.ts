import type { authorizationv1 } from '@navarch/api';
import { compile, CompileError, CostExceeded, EvalError, fromJson, type Program, types, variables } from '@navarch/cel';

const requirement = types.object('kubernetes.SelectorRequirement', { key: types.string, operator: types.string, values: types.list(types.string) });
const selector = (name: string): ReturnType<typeof types.object> => types.object(name, { rawSelector: types.string, requirements: types.list(requirement) });
const resourceAttributes = types.object('kubernetes.ResourceAttributes', {
  namespace: types.string, verb: types.string, group: types.string, version: types.string, resource: types.string, subresource: types.string, name: types.string,
  fieldSelector: selector('kubernetes.FieldSelectorAttributes'), labelSelector: selector('kubernetes.LabelSelectorAttributes'),
});
const nonResourceAttributes = types.object('kubernetes.NonResourceAttributes', { path: types.string, verb: types.string });
const declarations = variables({
  request: types.object('kubernetes.SubjectAccessReviewSpec', {
    resourceAttributes,
    nonResourceAttributes,
    user: types.string,
    groups: types.list(types.string),
    extra: types.map(types.string, types.list(types.string)),
    uid: types.string,
  }),
});

/** @throws for expressions that do not compile, naming their place */
export function compileReviewConditions(expressions: readonly string[], path: string): Program[] {
  return expressions.map((expression, index) => {
    try {
      return compile(expression, { declarations, results: ['bool'] });
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      throw new Error(`${path}[${index}].expression: Invalid value: ${JSON.stringify(expression)}: compilation failed: ${error.message}`, { cause: error });
    }
  });
}

/** Whether all conditions hold for a review; a text if one cannot be told and none is false. */
export function conditionsHold(programs: readonly Program[], spec: authorizationv1.SubjectAccessReviewSpec): boolean | string {
  // Conditions may ask for all that is said of a user, said or not.
  const request = fromJson({ ...spec, user: spec.user ?? '', groups: spec.groups ?? [], uid: spec.uid ?? '', extra: spec.extra ?? {} });
  const faults: string[] = [];
  for (const program of programs) {
    try {
      if (program.evaluate((name) => (name === 'request' ? request : undefined)).value !== true) return false;
    } catch (error) {
      if (!(error instanceof EvalError) && !(error instanceof CostExceeded)) throw error;
      faults.push(`cel evaluation error: expression '${program.source}' resulted in error: ${error.message}`);
    }
  }
  return faults.length === 0 ? true : faults.join(', ');
}
