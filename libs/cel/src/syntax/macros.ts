import type { CallExpr, Expr, FoldExpr, FoldMacro } from './expr';

type Fail = (at: number, message: string) => Error;

/** How the arguments of a macro are to be read: how many variables, and what follows them. */
interface Shape {
  readonly macro: FoldMacro;
  readonly vars: number;
  readonly parts: 'body' | 'condition' | 'condition, body';
}

/** By name and number of arguments. */
const SHAPES: Readonly<Record<string, Shape>> = {
  'all/2': { macro: 'all', vars: 1, parts: 'body' },
  'exists/2': { macro: 'exists', vars: 1, parts: 'body' },
  'exists_one/2': { macro: 'existsOne', vars: 1, parts: 'body' },
  'existsOne/2': { macro: 'existsOne', vars: 1, parts: 'body' },
  'filter/2': { macro: 'filter', vars: 1, parts: 'condition' },
  'map/2': { macro: 'map', vars: 1, parts: 'body' },
  'map/3': { macro: 'map', vars: 1, parts: 'condition, body' },
  'sortBy/2': { macro: 'sortBy', vars: 1, parts: 'body' },
  'optMap/2': { macro: 'optMap', vars: 1, parts: 'body' },
  'optFlatMap/2': { macro: 'optFlatMap', vars: 1, parts: 'body' },
  'all/3': { macro: 'all', vars: 2, parts: 'body' },
  'exists/3': { macro: 'exists', vars: 2, parts: 'body' },
  'exists_one/3': { macro: 'existsOne', vars: 2, parts: 'body' },
  'existsOne/3': { macro: 'existsOne', vars: 2, parts: 'body' },
  'transformList/3': { macro: 'transformList', vars: 2, parts: 'body' },
  'transformList/4': { macro: 'transformList', vars: 2, parts: 'condition, body' },
  'transformMap/3': { macro: 'transformMap', vars: 2, parts: 'body' },
  'transformMap/4': { macro: 'transformMap', vars: 2, parts: 'condition, body' },
  'transformMapEntry/3': { macro: 'transformMapEntry', vars: 2, parts: 'body' },
  'transformMapEntry/4': { macro: 'transformMapEntry', vars: 2, parts: 'condition, body' },
};

/** A call that is a macro becomes what it stands for; any other stays. */
export function expandMacro(call: CallExpr, fail: Fail): Expr {
  const { name, target, args, at } = call;
  if (name === 'has' && target === undefined && args.length === 1) return presence(call, fail);
  if (target === undefined) return call;
  const shape = SHAPES[`${name}/${args.length}`];
  if (!shape) return call;
  const vars = args.slice(0, shape.vars).map((variable) => {
    if (variable.kind !== 'ident' || variable.name.startsWith('.')) throw fail(variable.at, 'argument must be a simple name');
    return variable.name;
  });
  if (vars.length === 2 && vars[0] === vars[1]) throw fail(args[1]?.at ?? at, `duplicate variable name: ${vars[1] ?? ''}`);
  const rest = args.slice(shape.vars);
  const fold: FoldExpr = {
    kind: 'fold', at, macro: shape.macro, range: target, vars,
    condition: shape.parts === 'body' ? undefined : rest[0],
    body: shape.parts === 'condition' ? undefined : rest[rest.length - 1],
  };
  return fold;
}

function presence({ args, at }: CallExpr, fail: Fail): Expr {
  const [field] = args;
  if (field?.kind !== 'select' || field.test) throw fail(field?.at ?? at, 'invalid argument to has() macro');
  return { ...field, test: true };
}
