import type { networkingv1 } from '@navarch/api';

/** What IngressClasses name as their controller that are served here. */
export const controllerName = 'navarch.io/ingress';
export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';
const legacyClass = 'kubernetes.io/ingress.class';

/** Which Ingresses are served: pure. */
export class ServedClasses {
  readonly #names: ReadonlySet<string>;
  readonly #isDefault: boolean;

  /** `ownName`: the class that this controller makes for itself; served also before it is there. */
  constructor(ownName: string, classes: readonly networkingv1.IngressClass[]) {
    this.#names = new Set([ownName, ...classes.filter(isOurs).map(({ metadata }) => metadata.name ?? '')].filter((name) => classes.every((each) => each.metadata.name !== name || isOurs(each))));
    this.#isDefault = defaultClass(classes)?.spec?.controller === controllerName;
  }

  /** By its class, or by the annotation that came before classes; one with neither, made before there was a default class, by the default class. */
  has({ metadata, spec }: networkingv1.Ingress): boolean {
    const name = spec?.ingressClassName ?? metadata.annotations?.[legacyClass];
    return name === undefined ? this.#isDefault : this.#names.has(name);
  }
}

const isOurs = ({ spec }: networkingv1.IngressClass): boolean => spec?.controller === controllerName;

/** Of several the youngest, then the first by name: as upstream's admission chooses (plugin/pkg/admission/network/defaultingressclass). */
function defaultClass(classes: readonly networkingv1.IngressClass[]): networkingv1.IngressClass | undefined {
  const made = ({ metadata }: networkingv1.IngressClass): string => metadata.creationTimestamp ?? '';
  const name = ({ metadata }: networkingv1.IngressClass): string => metadata.name ?? '';
  return classes
    .filter(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === 'true')
    .sort((a, b) => (made(a) === made(b) ? (name(a) < name(b) ? -1 : 1) : made(a) < made(b) ? 1 : -1))[0];
}
