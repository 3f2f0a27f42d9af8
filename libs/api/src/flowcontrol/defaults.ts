import type { flowcontrolv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

export function defaultFlowSchema(schema: Loose<flowcontrolv1.FlowSchema>): void {
  (schema.spec ??= {}).matchingPrecedence ||= 1000;
  schema.status ??= {};
}

export function defaultPriorityLevel(level: Loose<flowcontrolv1.PriorityLevelConfiguration>): void {
  const { limited, exempt } = (level.spec ??= {});
  level.status ??= {};
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (!limited) return;
  limited.nominalConcurrencyShares ??= 30;
  limited.lendablePercent ??= 0;
  const queuing = limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

export const flowcontrolDefaults: Defaulters = {
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': defaulter(defaultFlowSchema),
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': defaulter(defaultPriorityLevel),
};
