import { type SchemaNode, schemaTable } from '../tables/schema-table';

/** Scalars that the API writes in one form only, however the user wrote them. */
export type ScalarForm = 'quantity' | 'time' | 'micro-time';

/** Where such scalars are in a type: only the branches that lead to one. */
export interface ScalarPlan {
  readonly form?: ScalarForm;
  /** Amounts of a resource list, which the API keeps no finer than a thousandth. */
  readonly resourceList?: boolean;
  readonly fields?: readonly (readonly [name: string, plan: ScalarPlan])[];
  readonly items?: ScalarPlan;
  readonly values?: ScalarPlan;
}

const forms: Readonly<Record<string, ScalarForm>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'micro-time',
};

const plans = new Map<string, ScalarPlan | undefined>();

function planOfNode(node: SchemaNode): ScalarPlan | undefined {
  if (node.ref !== undefined) return scalarPlan(node.ref);
  if (node.items !== undefined) {
    const items = planOfNode(node.items);
    return items && { items };
  }
  if (node.map === undefined) return undefined;
  const values = planOfNode(node.map);
  return values && (values.form === 'quantity' ? { values, resourceList: true } : { values });
}

/** The plan for a schema definition, or undefined if it holds no such scalar. */
export function scalarPlan(id: string): ScalarPlan | undefined {
  const form = forms[id];
  if (form !== undefined) return { form };
  if (plans.has(id)) return plans.get(id);
  // A type that contains itself adds nothing at the inner place.
  plans.set(id, undefined);
  const fields: (readonly [string, ScalarPlan])[] = [];
  for (const [name, node] of Object.entries(schemaTable().definitions[id]?.properties ?? {})) {
    const plan = planOfNode(node);
    if (plan !== undefined) fields.push([name, plan]);
  }
  const plan = fields.length > 0 ? { fields } : undefined;
  plans.set(id, plan);
  return plan;
}
