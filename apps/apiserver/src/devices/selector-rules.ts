import type { KubeObject, resourcev1 } from '@navarch/api';
import { type FieldError, fieldErrors, FieldPath } from '@navarch/apimachinery';
import { compile, CompileError, types, variables } from '@navarch/cel';
import type { FurtherRule } from '../registry/resource-definition';

// Mirrors validateCELExpression of pkg/apis/resource/validation, and what staging/src/k8s.io/dynamic-resource-allocation/cel
// lets an expression see.

/** What one expression may be estimated to cost. */
const COST_LIMIT = 1_000_000;
const MAX_ENTRIES = 32;

const domain = { ...types.string, maxSize: 63 };
const id = { ...types.string, maxSize: 32 };
const byDomain = (value: Parameters<typeof types.map>[1]): ReturnType<typeof types.map> => types.map(domain, types.map(id, value, MAX_ENTRIES), MAX_ENTRIES);
const device = types.object('kubernetes.DRADevice', {
  driver: domain, attributes: byDomain(types.dyn), capacity: byDomain(types.opaque('kubernetes.Quantity')), allowMultipleAllocations: types.bool,
});
const declarations = variables({ device });

/** What is wrong with an expression over a device. */
function selectorFault(expression: string, path: FieldPath): FieldError | undefined {
  try {
    const program = compile(expression, { declarations, results: ['bool'] });
    return program.estimate().max > COST_LIMIT ? fieldErrors.forbidden(path, 'too complex, exceeds cost limit') : undefined;
  } catch (error) {
    if (error instanceof CompileError) return fieldErrors.invalid(path, expression, error.detail);
    throw error;
  }
}

function selectorsFaults(selectors: readonly resourcev1.DeviceSelector[] | undefined, path: FieldPath): FieldError[] {
  return (selectors ?? []).flatMap(({ cel }, i) => selectorFault(cel?.expression ?? '', path.index(i).child('cel', 'expression')) ?? []);
}

function claimFaults(spec: resourcev1.ResourceClaimSpec | undefined, path: FieldPath): FieldError[] {
  return (spec?.devices?.requests ?? []).flatMap(({ exactly, firstAvailable }, i) => {
    const at = path.child('devices', 'requests').index(i);
    return [
      ...selectorsFaults(exactly?.selectors, at.child('exactly', 'selectors')),
      ...(firstAvailable ?? []).flatMap(({ selectors }, s) => selectorsFaults(selectors, at.child('firstAvailable').index(s).child('selectors'))),
    ];
  });
}

const SPEC = FieldPath.of('spec');

function classFaults(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const [{ spec }, before] = [object as resourcev1.DeviceClass, old as resourcev1.DeviceClass | undefined];
  // What is stored was an expression when it was stored.
  const stored = before !== undefined && JSON.stringify(spec.selectors) === JSON.stringify(before.spec.selectors);
  return stored ? [] : selectorsFaults(spec.selectors, SPEC.child('selectors'));
}

/** Expressions that select devices are compiled, and what they may cost is estimated, before they are stored. Specs of claims and their templates never change. */
export const selectorRules: Readonly<Record<string, FurtherRule>> = {
  'resource.k8s.io/deviceclasses': classFaults,
  'resource.k8s.io/resourceclaims': (object, old) => (old === undefined ? claimFaults((object as resourcev1.ResourceClaim).spec, SPEC) : []),
  'resource.k8s.io/resourceclaimtemplates': (object, old) => (old === undefined ? claimFaults((object as resourcev1.ResourceClaimTemplate).spec.spec, SPEC.child('spec')) : []),
};
