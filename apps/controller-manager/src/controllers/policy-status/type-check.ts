import type { admissionregistrationv1 } from '@navarch/api';
import { compile, CompileError, types, variables, type CelType } from '@navarch/cel';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;

/** A kind that a policy may meet, and its type as expressions see it. */
export interface CheckedKind {
  /** `apps/v1, Kind=Deployment` */
  readonly name: string;
  readonly type: CelType;
}

/** More kinds are not checked, as upstream. */
const MOST_KINDS = 10;

/** What each expression gets wrong about the kinds it is for. A policy that is only wrong about some of them is used all the same. */
export function typeWarnings({ spec }: Policy, kinds: readonly CheckedKind[]): admissionregistrationv1.ExpressionWarning[] {
  return (spec?.validations ?? []).flatMap(({ expression, messageExpression }, index) => {
    const warn = (field: string, source: string | undefined): admissionregistrationv1.ExpressionWarning[] => {
      const warning = source === undefined || source === '' ? '' : kinds.slice(0, MOST_KINDS).map((kind) => faultOf(source, kind)).join('');
      return warning === '' ? [] : [{ fieldRef: `spec.validations[${index}].${field}`, warning }];
    };
    return [...warn('expression', expression), ...warn('messageExpression', messageExpression)];
  });
}

function faultOf(source: string, { name, type }: CheckedKind): string {
  const { dyn } = types;
  const declarations = variables({ object: type, oldObject: type, request: dyn, params: dyn, namespaceObject: dyn, authorizer: dyn, variables: dyn });
  try {
    compile(source, { declarations });
    return '';
  } catch (error) {
    if (error instanceof CompileError) return `${name}: ${error.message}\n`;
    throw error;
  }
}
