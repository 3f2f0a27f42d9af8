import type { KubeObject } from '@navarch/api';

/** Keeps managedFields: who owns which field (apimachinery does the work; this is what the registry asks of it). */
export interface FieldManager {
  onCreate(object: KubeObject, manager: string, subresource: string, nowMs: number): void;
  onUpdate(object: KubeObject, live: KubeObject, manager: string, subresource: string, nowMs: number): void;
}
