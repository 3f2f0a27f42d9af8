import type { networkingv1 } from '@navarch/api';

/** Where a request goes. */
export interface Target {
  readonly ingress: string;
  readonly namespace: string;
  readonly service: string;
  /** By number, or by name. */
  readonly port: number | string;
}

interface PathRoute {
  readonly type: 'Exact' | 'Prefix';
  readonly path: string;
  readonly target: Target;
}

/** The rules of all Ingresses, as one question: which Service answers this host and path? Pure. */
export class RoutingTable {
  /** By host as the rule has it; `` for rules without a host. */
  readonly #hosts = new Map<string, PathRoute[]>();
  #default: Target | undefined;

  /** Older Ingresses win over newer ones that say otherwise. */
  constructor(ingresses: readonly networkingv1.Ingress[]) {
    const age = ({ metadata }: networkingv1.Ingress): string => `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
    for (const ingress of [...ingresses].sort((a, b) => (age(a) < age(b) ? -1 : 1))) this.#add(ingress);
    for (const routes of this.#hosts.values()) routes.sort(byPrecedence);
  }

  /** Exact hosts come before wildcards, those before rules without a host, which are for all hosts. */
  find(host: string, path: string): Target | undefined {
    const name = host.toLowerCase();
    const wildcard = `*.${name.slice(name.indexOf('.') + 1)}`;
    for (const key of [name, ...(name.includes('.') ? [wildcard] : []), '']) {
      const found = this.#hosts.get(key)?.find((route) => matches(route, path));
      if (found !== undefined) return found.target;
    }
    return this.#default;
  }

  #add({ metadata, spec }: networkingv1.Ingress): void {
    const { namespace = '', name = '' } = metadata;
    const targetOf = (backend: networkingv1.IngressBackend | undefined): Target | undefined => {
      const { service } = backend ?? {};
      const port = service?.port?.number ?? service?.port?.name;
      return service === undefined || port === undefined ? undefined : { ingress: `${namespace}/${name}`, namespace, service: service.name, port };
    };
    this.#default ??= targetOf(spec?.defaultBackend);
    for (const { host = '', http } of spec?.rules ?? []) {
      const routes = this.#hosts.get(host.toLowerCase()) ?? [];
      this.#hosts.set(host.toLowerCase(), routes);
      for (const { path = '/', pathType, backend } of http?.paths ?? []) {
        const target = targetOf(backend);
        if (target !== undefined) routes.push({ type: pathType === 'Exact' ? 'Exact' : 'Prefix', path, target });
      }
    }
  }
}

/** Longest first, exact before prefix; the sort is stable, so the older Ingress stays first. */
function byPrecedence(a: PathRoute, b: PathRoute): number {
  return lengthOf(b) - lengthOf(a) || Number(b.type === 'Exact') - Number(a.type === 'Exact');
}

const prefixOf = (path: string): string => path.replace(/\/+$/, '');
/** The slash that a prefix ends with says nothing, so it wins over no exact path. */
const lengthOf = ({ type, path }: PathRoute): number => (type === 'Exact' ? path : prefixOf(path)).length;

/** A prefix is one of path elements: /foo matches /foo/bar and not /foobar. */
function matches({ type, path }: PathRoute, asked: string): boolean {
  if (type === 'Exact') return asked === path;
  const prefix = prefixOf(path);
  return asked === prefix || asked.startsWith(`${prefix}/`);
}
