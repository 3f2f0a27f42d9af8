import type { KubeObject } from '@navarch/api';
import type { FieldError } from '@navarch/apimachinery';

/** What a strategy may know of the request. */
export interface StrategyContext {
  readonly userName: string;
  readonly nowMs: number;
  warn(text: string): void;
}

/**
 * The rules of one kind that the generic registry cannot know. It knows nothing of HTTP, gRPC or etcd. Objects are of the
 * storage version; `object` may be changed by the `prepare` methods, `old` never.
 */
export interface Strategy {
  /** Clears what clients may not set (status) and sets what only the server does. */
  prepareForCreate?(object: KubeObject, context: StrategyContext): void;
  /** Keeps what this endpoint may not change. */
  prepareForUpdate?(object: KubeObject, old: KubeObject, context: StrategyContext): void;
  validate?(object: KubeObject, context: StrategyContext): FieldError[];
  validateUpdate?(object: KubeObject, old: KubeObject, context: StrategyContext): FieldError[];
}
