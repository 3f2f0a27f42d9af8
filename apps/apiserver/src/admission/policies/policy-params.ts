import type { admissionregistrationv1, KubeObject } from '@navarch/api';
import { compileLabelSelector, formatGroupVersion, parseGroupVersion } from '@navarch/apimachinery';
import type { AdmissionAttributes } from '../../pipeline';
import type { Registry } from '../../registry/registry';

type ParamKind = admissionregistrationv1.ParamKind;
type ParamRef = admissionregistrationv1.ParamRef;

/** Finds the objects that policies take their parameters from, of any kind that is served. */
export interface ParamSource {
  /** @throws Error when there is no such kind */
  find(kind: ParamKind): { readonly namespaced: boolean; list(namespace: string): readonly KubeObject[] };
}

/** Parameters in the registry. */
export class RegistryParams implements ParamSource {
  constructor(private readonly registry: Registry) {}

  find({ apiVersion = '', kind = '' }: ParamKind): ReturnType<ParamSource['find']> {
    const wanted = parseGroupVersion(apiVersion);
    for (const served of this.registry.all()) {
      const { facts, store } = served;
      if (facts.kind !== kind || formatGroupVersion(facts) !== (wanted ? formatGroupVersion(wanted) : '')) continue;
      return {
        namespaced: facts.namespaced,
        list: (namespace) => (store.objects.isReady ? store.objects.list(namespace === '' ? undefined : `${store.prefix}${namespace}/`).map((object) => served.object(object)) : []),
      };
    }
    throw new Error(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`);
  }
}

/** What stands in the way of a binding. */
export class ConfigurationFault extends Error {
  override readonly name = 'ConfigurationFault';
}

/** The parameters of a binding for a write: one undefined where there are none to be. @throws ConfigurationFault */
export function paramsFor(kind: ParamKind | undefined, ref: ParamRef | undefined, attributes: AdmissionAttributes, source: ParamSource): readonly (KubeObject | undefined)[] {
  if (!kind || !ref) return [undefined];
  let found: ReturnType<ParamSource['find']>;
  try {
    found = source.find(kind);
  } catch (error) {
    throw new ConfigurationFault(error instanceof Error ? error.message : String(error));
  }
  if (!found.namespaced && ref.namespace) throw new ConfigurationFault('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  const namespace = found.namespaced ? (ref.namespace ?? attributes.namespace) : '';
  if (found.namespaced && namespace === '') throw new ConfigurationFault('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  const selector = compileLabelSelector(ref.selector ?? {});
  const params = found.list(namespace).filter(({ metadata }) => (ref.name ? metadata.name === ref.name : selector.matches(metadata.labels)));
  if (params.length > 0) return params;
  if (ref.parameterNotFoundAction === 'Allow') return [];
  throw new ConfigurationFault('no params found for policy binding with `Deny` parameterNotFoundAction');
}
