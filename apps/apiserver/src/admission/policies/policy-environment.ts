import {
  authorizerValue, type CelType, compile, CostExceeded, type Declarations, EvalError, fromJson, type MapValue, type ObjectType, PER_CALL_LIMIT, type Program,
  resourceCheckValue, ResultTypeError, types, type Value,
} from '@navarch/cel';
import type { KubeObject } from '@navarch/api';
import type { AdmissionAttributes, Authorizer } from '../../pipeline';
import type { AdmissionRequest, ShownObjects } from '../admission-request';
import { authorizeWith } from '../match-conditions';

export interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

const groupVersionKind = types.object('kubernetes.GroupVersionKind', { group: types.string, version: types.string, kind: types.string });
const groupVersionResource = types.object('kubernetes.GroupVersionResource', { group: types.string, version: types.string, resource: types.string });
const userInfo = types.object('kubernetes.UserInfo', { username: types.string, uid: types.string, groups: types.list(types.string), extra: types.map(types.string, types.list(types.string)) });
const request = types.object('kubernetes.AdmissionRequest', {
  uid: types.string, kind: groupVersionKind, resource: groupVersionResource, subResource: types.string, requestKind: groupVersionKind, requestResource: groupVersionResource,
  requestSubResource: types.string, name: types.string, namespace: types.string, operation: types.string, userInfo, dryRun: types.bool, options: types.dyn,
});
const namespaceMeta = types.object('kubernetes.NamespaceMetadata', {
  name: types.string,
  generateName: types.string,
  namespace: types.string,
  labels: types.map(types.string, types.string),
  annotations: types.map(types.string, types.string),
  UID: types.string,
  uid: types.string,
  creationTimestamp: types.dyn,
  deletionTimestamp: types.dyn,
  deletionGracePeriodSeconds: types.int,
  generation: types.int,
  resourceVersion: types.string,
  finalizers: types.list(types.string),
  ownerReferences: types.dyn,
  managedFields: types.dyn,
  selfLink: types.string,
});
const namespace = types.object('kubernetes.Namespace', {
  metadata: namespaceMeta,
  spec: types.object('kubernetes.NamespaceSpec', { finalizers: types.list(types.string) }),
  status: types.object('kubernetes.NamespaceStatus', { phase: types.string, conditions: types.dyn }),
});

/** Types of which mutations write objects: what is in them is checked when it is merged. */
const openType = (name: string): ObjectType => ({ kind: 'object', name, field: () => types.dyn });
const jsonPatch = types.object('JSONPatch', { op: types.string, path: types.string, from: types.string, value: types.dyn });

const CONFIGURATION = 'Object';

function structOf(name: string): ObjectType | undefined {
  if (name === 'JSONPatch') return jsonPatch;
  return name === CONFIGURATION || name.startsWith(`${CONFIGURATION}.`) ? openType(name) : undefined;
}

const FIXED: Readonly<Record<string, CelType>> = {
  object: types.dyn, oldObject: types.dyn, request, namespaceObject: namespace,
  authorizer: types.opaque('kubernetes.authorization.Authorizer'), 'authorizer.requestResource': types.opaque('kubernetes.authorization.ResourceCheck'),
};

/** What the expressions of a policy may name; grows by the policy's own variables in their order. */
export class PolicyEnvironment {
  readonly programs = new Map<string, Program>();
  /** Variables that say nothing: whatever uses them is not to blame. */
  private readonly broken = new Set<string>();
  private readonly variables: ObjectType = { kind: 'object', name: 'kubernetes.variables', field: (name) => this.programs.get(name)?.type ?? (this.broken.has(name) ? types.dyn : undefined) };

  constructor(
    private readonly hasParams: boolean,
    private readonly mutates: boolean,
  ) {}

  private declarations(withAuthorizer = true): Declarations {
    return {
      variable: (name) => {
        if (!withAuthorizer && name.startsWith('authorizer')) return undefined;
        if (name === 'variables') return this.variables;
        if (name === 'params') return this.hasParams ? types.dyn : undefined;
        return Object.hasOwn(FIXED, name) ? FIXED[name] : undefined;
      },
      ...(this.mutates ? { struct: structOf } : {}),
    };
  }

  /** @throws CompileError */
  compile(expression: string, results: readonly CelType['kind'][], withAuthorizer = true): Program {
    return compile(expression, { declarations: this.declarations(withAuthorizer), results });
  }

  /** What a mutation says: a configuration, or a list of patches. @throws CompileError */
  compileMutation(expression: string, kind: 'apply' | 'patch'): Program {
    const program = compile(expression, { declarations: this.declarations() });
    const { type } = program;
    const made = kind === 'patch' && type.kind === 'list' ? type.items : type;
    const wanted = kind === 'patch' ? jsonPatch.name : CONFIGURATION;
    // An empty list is of anything.
    const fits = made.kind === 'dyn' || made.kind === 'param' || (made.kind === 'object' && made.name === wanted);
    if (type.kind === 'dyn' || (fits && (kind === 'apply' || type.kind === 'list'))) return program;
    throw new ResultTypeError(expression, type, [kind === 'patch' ? `list(${wanted})` : wanted]);
  }

  /** @throws CompileError */
  declare({ name, expression }: NamedExpression): void {
    this.broken.add(name);
    this.programs.set(name, compile(expression, { declarations: this.declarations() }));
    this.broken.delete(name);
  }
}

/** The expressions of a policy together cost more than they may. */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded';

  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** What is left of what a policy may cost. */
export class PolicyBudget {
  constructor(public left: number) {}
}

/** What a policy looks at, besides its params. */
export interface PolicyInput extends ShownObjects {
  readonly attributes: AdmissionAttributes;
  readonly request: AdmissionRequest;
  readonly namespace: KubeObject | undefined;
  readonly authorizer: Authorizer;
}

/** The values of one evaluation; variables are made when they are first asked for, and once. */
export class PolicyActivation {
  private readonly values: Readonly<Record<string, Value | undefined>>;
  private readonly made = new Map<string, Value>();

  constructor(
    { attributes, object, oldObject, request: asked, namespace: lies, authorizer }: PolicyInput,
    params: KubeObject | undefined,
    private readonly environment: PolicyEnvironment,
    private readonly budget: PolicyBudget,
  ) {
    const asking = authorizerValue(authorizeWith(authorizer, attributes));
    const { group, resource, subresource, namespace: where, name } = attributes;
    // A Namespace lies in none, though its requests name it.
    const surrounding = group === '' && resource === 'namespaces' ? undefined : lies;
    this.values = {
      object: fromJson(object ?? null), oldObject: fromJson(oldObject ?? null), request: fromJson(asked), params: fromJson(params ?? null), namespaceObject: fromJson(surrounding ?? null),
      authorizer: asking, 'authorizer.requestResource': resourceCheckValue(asking, { group, resource, subresource, namespace: where, name }), variables: this.variables(),
    };
  }

  /** @throws EvalError; CostExceeded if this alone costs too much; BudgetExceeded */
  async evaluate(program: Program): Promise<Value> {
    try {
      const { value, cost } = await program.evaluateLater((name) => this.values[name], this.budget.left);
      this.budget.left -= cost;
      return value;
    } catch (error) {
      if (!(error instanceof CostExceeded)) throw error;
      if (this.budget.left < PER_CALL_LIMIT) throw new BudgetExceeded();
      this.budget.left -= PER_CALL_LIMIT;
      throw error;
    }
  }

  private variables(): MapValue {
    const get = (key: Value): Value | undefined => (typeof key === 'string' ? this.variable(key) : undefined);
    const { programs } = this.environment;
    return { map: true, get size() { return programs.size; }, get, keys: () => programs.keys(), field: get };
  }

  private variable(name: string): Value | undefined {
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const program = this.environment.programs.get(name);
    if (!program) return undefined;
    try {
      const { value, cost } = program.evaluate((each) => this.values[each], this.budget.left);
      this.budget.left -= cost;
      this.made.set(name, value);
      return value;
    } catch (error) {
      if (error instanceof EvalError) throw new EvalError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${error.message}`);
      throw error;
    }
  }
}
