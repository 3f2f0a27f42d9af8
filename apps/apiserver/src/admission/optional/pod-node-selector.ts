import type { corev1 } from '@navarch/api';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../../pipeline';
import type { Fields } from '../../config-file/strict-fields';
import { refused } from '../refused';
import { namespaceAnnotation } from './namespace-annotation';

const ANNOTATION = 'scheduler.alpha.kubernetes.io/node-selector';
const CLUSTER_DEFAULT = 'clusterDefaultNodeSelector';

type Labels = Readonly<Record<string, string>>;

/** Selectors by namespace, which what pods may select is held to; and the one of namespaces that name none. */
export interface NodeSelectors {
  readonly clusterDefault: Labels;
  readonly namespaces: ReadonlyMap<string, Labels>;
}

/** `a=b,c=d`. @throws for anything else */
function parseNodeSelector(text: string): Labels {
  const pairs = text.split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
    const [key = '', value, ...more] = part.split('=').map((piece) => piece.trim());
    if (key === '' || value === undefined || more.length > 0) throw new Error(`invalid selector: [${part}]`);
    return [key, value] as const;
  });
  return Object.fromEntries(pairs);
}

export function readNodeSelectors(root: Fields): NodeSelectors {
  root.only('podNodeSelectorPluginConfig');
  const fields = root.object('podNodeSelectorPluginConfig');
  const all = Object.keys(fields.raw).map((name) => [name, parseNodeSelector(fields.optionalText(name) ?? '')] as const);
  return { clusterDefault: Object.fromEntries(all)[CLUSTER_DEFAULT] ?? {}, namespaces: new Map(all.filter(([name]) => name !== CLUSTER_DEFAULT)) };
}

const conflicts = (a: Labels, b: Labels): boolean => Object.entries(a).some(([key, value]) => b[key] !== undefined && b[key] !== value);

/** Pods of a namespace go to the nodes that the namespace says. */
export class PodNodeSelector implements AdmissionPlugin {
  readonly name = 'PodNodeSelector';

  constructor(
    private readonly reader: ObjectReader,
    private readonly selectors: NodeSelectors = { clusterDefault: {}, namespaces: new Map() },
  ) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && group === '' && resource === 'pods' && subresource === '';
  }

  async mutate(attributes: AdmissionAttributes): Promise<void> {
    const { spec } = attributes.object as corev1.Pod;
    if (spec === undefined) return;
    const wanted = await this.wanted(attributes);
    if (conflicts(wanted, spec.nodeSelector ?? {})) throw refused(attributes, 'pod node label selector conflicts with its namespace node label selector');
    if (Object.keys(wanted).length > 0) spec.nodeSelector = { ...wanted, ...spec.nodeSelector };
    this.holdTo(attributes, spec.nodeSelector ?? {});
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { spec } = attributes.object as corev1.Pod;
    if (conflicts(await this.wanted(attributes), spec?.nodeSelector ?? {})) throw refused(attributes, 'pod node label selector conflicts with its namespace node label selector');
    this.holdTo(attributes, spec?.nodeSelector ?? {});
  }

  private async wanted(attributes: AdmissionAttributes): Promise<Labels> {
    const text = await namespaceAnnotation(this.reader, attributes.namespace, ANNOTATION);
    if (text === undefined) return this.selectors.clusterDefault;
    try {
      return parseNodeSelector(text);
    } catch (error) {
      throw refused(attributes, error instanceof Error ? error.message : String(error));
    }
  }

  private holdTo(attributes: AdmissionAttributes, labels: Labels): void {
    const allowed = this.selectors.namespaces.get(attributes.namespace) ?? {};
    if (Object.keys(allowed).length === 0) return;
    if (Object.entries(labels).some(([key, value]) => allowed[key] !== value)) throw refused(attributes, 'pod node label selector labels conflict with its namespace whitelist');
  }
}
