import { compile, CompileError, type Program, ResultTypeError, typeOfSchema, types, variables } from '@navarch/cel';
import { isEmbedded, type Schema, type ValidationRule } from '../schema/schema';

/** A rule with its programs, or why it has none. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program: Program | undefined;
  readonly error: string | undefined;
  readonly message: Program | undefined;
  readonly messageError: string | undefined;
  /** The most that each program may cost. */
  readonly cost: number;
  readonly messageCost: number;
  /** Whether it compares with what was there before. */
  readonly isTransition: boolean;
}

/** Compiles the rules of one place of a schema. */
export function compileRules(schema: Schema, isResource: boolean): readonly CompiledRule[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0) return [];
  const self = typeOfSchema(schema, 'selfType', isResource || isEmbedded(schema)) ?? types.dyn;
  return rules.map((rule) => compileRule(rule, self));
}

function compileRule(rule: ValidationRule, self: ReturnType<typeof typeOfSchema> & object): CompiledRule {
  const declarations = variables({ self, oldSelf: rule.optionalOldSelf === true ? types.optional(self) : self });
  const attempt = (source: string, result: 'bool' | 'string'): { program?: Program; error?: string } => {
    try {
      return { program: compile(source, { declarations, results: [result] }) };
    } catch (error) {
      if (error instanceof ResultTypeError) return { error: result === 'bool' ? 'cel expression must evaluate to a bool' : 'messageExpression must evaluate to a string' };
      if (error instanceof CompileError) return { error: error.detail };
      throw error;
    }
  };
  const { program, error } = attempt(rule.rule ?? '', 'bool');
  const message = rule.messageExpression ? attempt(rule.messageExpression, 'string') : {};
  return {
    rule,
    program,
    error,
    message: message.program,
    messageError: message.error,
    cost: program?.estimate(self).max ?? 0,
    messageCost: message.program?.estimate(self).max ?? 0,
    isTransition: program?.uses('oldSelf') ?? false,
  };
}
