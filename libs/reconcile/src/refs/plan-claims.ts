import type { KubeObject, metav1 } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import { controllerOf } from './owner-references';

/** What an owner should do about the objects that it has, or could have. */
export interface Claims<T> {
  /** Its own, and to stay so. */
  readonly owned: T[];
  /** Nobody's, matching its selector. */
  readonly adopt: T[];
  /** Its own, but no longer matching. */
  readonly release: T[];
}

export interface ClaimRules<T> {
  readonly owner: KubeObject;
  readonly selector: metav1.LabelSelector | undefined;
  /** What must hold besides the selector: what it does not hold of is released too. */
  readonly member?: (object: T) => boolean;
  /** What may be adopted besides that: active pods only, for example. */
  readonly adoptable?: (object: T) => boolean;
}

/**
 * Decides by upstream's rules of controller references (pkg/controller/controller_ref_manager.go): another controller's
 * objects are left alone; an owner that is being deleted neither adopts nor releases; nothing that is being deleted
 * is adopted.
 */
export function planClaims<T extends KubeObject>(objects: readonly T[], rules: ClaimRules<T>): Claims<T> {
  const { owner, selector, member = () => true, adoptable = () => true } = rules;
  const claims: Claims<T> = { owned: [], adopt: [], release: [] };
  const ownerIsLeaving = owner.metadata.deletionTimestamp !== undefined;
  for (const object of objects) {
    const controller = controllerOf(object);
    const matches = matchesLabelSelector(selector, object.metadata.labels ?? {}) && member(object);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches) claims.owned.push(object);
      else if (!ownerIsLeaving) claims.release.push(object);
    } else if (!ownerIsLeaving && matches && adoptable(object) && object.metadata.deletionTimestamp === undefined && object.metadata.namespace === owner.metadata.namespace) {
      claims.adopt.push(object);
    }
  }
  return claims;
}
