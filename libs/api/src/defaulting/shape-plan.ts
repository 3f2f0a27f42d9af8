import { goShapeTable } from '../tables/go-shape-table';
import { protobufTable } from '../tables/protobuf-table';
import { type SchemaNode, schemaTable } from '../tables/schema-table';

/** Scalars that the API writes in one form only, however the user wrote them. */
export type ScalarForm = 'micro-time' | 'quantity' | 'time';

type Zero = '' | 0 | false;

/** How objects of a type are written. */
export interface TypePlan {
  readonly form: ScalarForm | undefined;
  readonly fields: Map<string, FieldPlan>;
  /** Scalars that are written even when zero. */
  readonly always: (readonly [name: string, zero: Zero])[];
  /** Structs that are written even when empty. */
  readonly structs: (readonly [name: string, type: TypePlan])[];
}

/** All plans have all members, which makes them fast to read. */
export interface ValuePlan {
  readonly type: TypePlan | undefined;
  readonly items: ValuePlan | undefined;
  readonly values: ValuePlan | undefined;
  /** Amounts of a resource list, which the API keeps no finer than a thousandth. */
  readonly resourceList: boolean;
}

export interface FieldPlan extends ValuePlan {
  /** An empty string, zero or false says the same as absence. */
  readonly dropZero: boolean;
  /** So does an empty list or map; but no managedFields are not the same as none being sent. */
  readonly dropEmpty: boolean;
}

const forms: Readonly<Record<string, ScalarForm>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'micro-time',
};

const plans = new Map<string, TypePlan>();
const messageOf = (id: string): string => id.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');

/** JSON names that a Go-shape list gives for a message, its inlined parts included. */
function fieldsListed(list: 'always' | 'explicit' | 'values', message: string): Set<string> {
  const shape = goShapeTable();
  const renamed = shape.renamed[message] ?? {};
  const names = new Set((shape[list][message] ?? []).map((name) => renamed[name] ?? name));
  for (const inlined of shape.inline[message] ?? []) {
    const type = protobufTable().messages[message]?.find(([, name]) => name === inlined)?.[2].split(' ').at(-1) ?? '';
    const part = type.startsWith('.') ? type.slice(1) : `${message.slice(0, message.lastIndexOf('.'))}.${type}`;
    for (const name of fieldsListed(list, part)) names.add(name);
  }
  return names;
}

function zeroOf(node: SchemaNode): Zero | undefined {
  switch (node.type) {
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    default:
      return undefined;
  }
}

function valuePlan(node: SchemaNode): ValuePlan {
  const values = node.map && valuePlan(node.map);
  return { type: node.ref === undefined ? undefined : shapePlan(node.ref), items: node.items && valuePlan(node.items), values, resourceList: values?.type?.form === 'quantity' };
}

/**
 * How objects of a schema definition are written, after the Go types that upstream reads them into; undefined for types
 * that hold free JSON.
 */
export function shapePlan(id: string): TypePlan | undefined {
  const known = plans.get(id);
  if (known !== undefined) return known;
  const form = forms[id];
  const properties = schemaTable().definitions[id]?.properties;
  if (form === undefined && properties === undefined) return undefined;
  const plan: TypePlan = { form, fields: new Map(), always: [], structs: [] };
  // Known before its fields are: types may contain themselves.
  plans.set(id, plan);
  const explicit = fieldsListed('explicit', messageOf(id));
  const always = fieldsListed('always', messageOf(id));
  const structs = fieldsListed('values', messageOf(id));
  for (const [name, node] of Object.entries(properties ?? {})) {
    const zero = zeroOf(node);
    const omittable = !always.has(name);
    plan.fields.set(name, {
      ...valuePlan(node),
      dropZero: zero !== undefined && omittable && !explicit.has(name),
      dropEmpty: omittable && name !== 'managedFields' && (node.type === 'array' || node.map !== undefined),
    });
    if (!omittable && zero !== undefined && !explicit.has(name)) plan.always.push([name, zero]);
    const type = structs.has(name) && node.ref !== undefined ? shapePlan(node.ref) : undefined;
    if (type) plan.structs.push([name, type]);
  }
  return plan;
}
