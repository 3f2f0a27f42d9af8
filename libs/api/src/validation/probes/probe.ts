import { type FieldError, invalid } from '@navarch/apimachinery';
import { defaultsFor } from '../../defaulting/defaults-for';
import type { KubeObject } from '../../kube-object';
import type { FieldGate } from '../../strategy/gated-fields';
import { strategyFor } from '../../strategy/strategy-for';
import { type Strategy, type StrategyContext } from '../../strategy/types';
import { preferredResource } from '../../tables/resource-table';

/** An object that its kind refuses, and what the client is told: the field, the reason and the text of one cause. */
export interface Probe {
  /** `<group>/<kind>`; the core group is empty. */
  readonly kind: string;
  readonly object: object;
  /** What the object replaces; absent: it is created. */
  readonly old?: object;
  /** Through which view; the object itself by default. */
  readonly view?: string;
  /** Feature gates that are closed; all are open by default. */
  readonly closed?: readonly FieldGate[];
  readonly field: string;
  readonly reason: FieldError['type'];
  readonly message: string;
}

type Given = Pick<Probe, 'kind' | 'object' | 'old' | 'view' | 'closed'>;

const contextWith = (closed: readonly FieldGate[]): StrategyContext => ({ userName: 'jane', nowMs: Date.parse('2026-01-02T03:04:05Z'), warn: () => undefined, isOpen: (gate) => !closed.includes(gate) });

interface Named {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly version: string;
  readonly namespaced: boolean;
}

function find(kindOf: string): Named {
  const [group = '', kind = ''] = kindOf.split('/');
  const facts = preferredResource(group, (candidate) => candidate.kind === kind);
  if (!facts) throw new Error(`no kind ${kindOf}`);
  return facts;
}

function strategyOf({ group, resource }: Named, view: string): Strategy {
  const all = strategyFor(group, resource);
  const strategy = view === '' ? all?.strategy : all?.subresources[view];
  if (!strategy) throw new Error(`no strategy for ${resource}.${group} ${view}`);
  return strategy;
}

/** As the server would have it before it is checked: with a name, defaulted, and prepared. */
function prepared(facts: Named, parts: object, context: StrategyContext): KubeObject {
  const copy = structuredClone(parts) as { metadata?: object };
  const object: KubeObject = { ...copy, metadata: { name: 'a', uid: 'u', ...(facts.namespaced ? { namespace: 'default' } : {}), ...copy.metadata } };
  defaultsFor(facts.group, facts.version, facts.kind)?.(object);
  strategyOf(facts, '').prepareForCreate?.(object, context);
  return object;
}

function findings({ kind, object, old, view = '', closed = [] }: Given): FieldError[] {
  const facts = find(kind);
  const context = contextWith(closed);
  if (old === undefined) return strategyOf(facts, '').validate?.(prepared(facts, object, context), context) ?? [];
  const before = prepared(facts, old, context);
  const { status } = old as { status?: object };
  if (status) Object.assign(before, { status });
  const next = structuredClone({ ...before, ...object, metadata: { ...before.metadata, resourceVersion: '1', ...(object as { metadata?: object }).metadata } });
  defaultsFor(facts.group, facts.version, facts.kind)?.(next);
  const strategy = strategyOf(facts, view);
  strategy.prepareForUpdate?.(next, before, context);
  return strategy.validateUpdate?.(next, before, context) ?? [];
}

/** The Status that a client gets for an object; undefined if it is taken. */
export function statusOf(probe: Given): { readonly code: number; readonly reason: string; readonly causes: readonly { field?: string; reason?: string; message?: string }[] } | undefined {
  const errors = findings(probe);
  if (errors.length === 0) return undefined;
  const { group, kind } = find(probe.kind);
  const { code = 0, reason = '', details } = invalid({ group, kind }, 'a', errors).status;
  return { code, reason, causes: details?.causes ?? [] };
}
