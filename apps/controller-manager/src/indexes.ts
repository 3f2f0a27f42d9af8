import type { KubeObject } from '@navarch/api';
import { controllerOf, type ObjectSource } from '@navarch/reconcile';

/** Objects by the uid of their controller; those that have none by their namespace. */
export const byController = { controller: (object: KubeObject): readonly string[] => [controllerOf(object)?.uid ?? orphans(object.metadata.namespace)] };

const orphans = (namespace = ''): string => `/${namespace}`;

/** What an owner has, and what it could adopt. */
export function candidatesOf<T extends KubeObject>(source: ObjectSource<T>, owner: KubeObject): T[] {
  return [...controlledBy(source, owner), ...source.byIndex('controller', orphans(owner.metadata.namespace))];
}

/** What an owner has. */
export function controlledBy<T extends KubeObject>(source: ObjectSource<T>, owner: KubeObject): T[] {
  return source.byIndex('controller', owner.metadata.uid ?? '');
}
